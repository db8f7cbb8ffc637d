import { Component, type ReactNode } from 'react';
import { Button } from './Button';
import { Empty } from './Empty';

interface BoundaryProps {
  readonly children: ReactNode;
}

interface BoundaryState {
  readonly message: string | null;
}

/** Keeps an error in one view from taking the whole page, and the run, out of sight. */
export class Boundary extends Component<BoundaryProps, BoundaryState> {
  override readonly state: BoundaryState = { message: null };

  static getDerivedStateFromError(error: unknown): BoundaryState {
    return { message: error instanceof Error ? error.message : String(error) };
  }

  override render(): ReactNode {
    if (this.state.message === null) return this.props.children;
    return (
      <Empty title="This view could not be drawn">
        <p>{this.state.message}. What is loaded, and a run that is going on, are untouched.</p>
        <Button onClick={() => this.setState({ message: null })}>Draw it again</Button>
      </Empty>
    );
  }
}
