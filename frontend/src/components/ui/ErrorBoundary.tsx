import { Component, type ReactNode } from 'react';

interface Props {
  fallback: ReactNode;
  onError?: () => void;
  children: ReactNode;
}

/** Shows `fallback` when a child throws or cannot be loaded. */
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
