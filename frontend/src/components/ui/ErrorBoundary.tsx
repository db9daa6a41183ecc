import { Component, type ReactNode } from 'react';

interface Props {
  /** Shown instead. */
  fallback: ReactNode;
  onError?: () => void;
  children: ReactNode;
}

/** Keeps a part that breaks, or that cannot be loaded, from taking the page with it. */
export class ErrorBoundary extends Component<Props, { hasError: boolean }> {
  override state = { hasError: false };

  static getDerivedStateFromError() {
    return { hasError: true };
  }

  override componentDidCatch() {
    this.props.onError?.();
  }

  override render() {
    return this.state.hasError ? this.props.fallback : this.props.children;
  }
}
