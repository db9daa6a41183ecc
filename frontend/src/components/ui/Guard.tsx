import { Component, type ReactNode } from 'react';

interface Props {
  /** Shown instead. */
  fallback: ReactNode;
  onError?: () => void;
  children: ReactNode;
}

/** Keeps a part that breaks, or that cannot be loaded, from taking the page with it. */
export class Guard extends Component<Props, { isBroken: boolean }> {
  override state = { isBroken: false };

  static getDerivedStateFromError() {
    return { isBroken: true };
  }

  override componentDidCatch() {
    this.props.onError?.();
  }

  override render() {
    return this.state.isBroken ? this.props.fallback : this.props.children;
  }
}
