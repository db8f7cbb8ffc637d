import { type RefObject, useEffect, useRef, useState } from 'react';
import type { TsneResult } from '../../protocol/messages';
import { useThemeName } from '../theme/useThemeName';
import type { Bounds } from './layout';
import { nearest, placer } from './layout';
import { classColour } from './palette';
import styles from './Scatter.module.css';

interface ScatterProps {
  readonly title: string;
  readonly result: TsneResult;
  readonly side: 'before' | 'after';
  readonly bounds: Bounds;
  readonly colourBy: 'trigger' | 'class';
  /** The point looked at, the same in both clouds. */
  readonly hovered: number | null;
  readonly onHover: (index: number | null) => void;
  readonly testId: string;
}

const MARGIN = 12;
const REACH = 10;

/** One cloud of an embedding on a 2D canvas: a few thousand still points need no second GPU interface. */
export function Scatter(props: ScatterProps) {
  const { title, result, side, bounds, hovered, onHover, testId } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  const size = useSize(canvas);
  const theme = useThemeName();
  const place = placer(bounds, size.width, size.height, MARGIN);
  const cloud = result[side];
  const at = (index: number) => place(cloud[index * 2] ?? 0, cloud[index * 2 + 1] ?? 0);
  useEffect(() => {
    if (canvas.current) draw(canvas.current, size, theme === 'dark', props);
  });
  return (
    <figure className={styles.figure}>
      <figcaption className={styles.title}>{title}</figcaption>
      <canvas
        ref={canvas}
        className={styles.canvas}
        role="img"
        aria-label={`${title}: ${result.points} images as points; images alike lie close together`}
        data-testid={testId}
        onPointerMove={(event) => {
          const box = event.currentTarget.getBoundingClientRect();
          const pointer = [event.clientX - box.left, event.clientY - box.top] as const;
          const found = nearest(cloud.length / 2, at, pointer, REACH);
          if (found !== hovered) onHover(found);
        }}
        onPointerLeave={() => onHover(null)}
      />
    </figure>
  );
}

interface Size {
  readonly width: number;
  readonly height: number;
}

function useSize(canvas: RefObject<HTMLCanvasElement | null>): Size {
  const [size, setSize] = useState<Size>({ width: 0, height: 0 });
  useEffect(() => {
    const element = canvas.current;
    if (element === null) return;
    const observer = new ResizeObserver(() =>
      setSize({ width: element.clientWidth, height: element.clientHeight }),
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, [canvas]);
  return size;
}

function draw(canvas: HTMLCanvasElement, { width, height }: Size, dark: boolean, props: ScatterProps): void {
  const { result, side, bounds, colourBy, hovered } = props;
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const context = canvas.getContext('2d');
  if (context === null || width === 0) return;
  context.scale(ratio, ratio);
  const style = getComputedStyle(canvas);
  const clean = style.getPropertyValue('--clean');
  const triggered = style.getPropertyValue('--triggered');
  const place = placer(bounds, width, height, MARGIN);
  const cloud = result[side];
  const count = cloud.length / 2;
  const radius = count > 3000 ? 1.7 : count > 1200 ? 2.1 : 2.7;
  context.globalAlpha = count > 1200 ? 0.62 : 0.78;
  for (let index = 0; index < count; index += 1) {
    const bad = result.triggered[index] === 1;
    context.fillStyle =
      colourBy === 'class' ? classColour(result.labels[index] ?? 0, dark) : bad ? triggered : clean;
    const [x, y] = place(cloud[index * 2] ?? 0, cloud[index * 2 + 1] ?? 0);
    context.beginPath();
    mark(context, x, y, bad, radius);
    context.fill();
  }
  if (hovered === null) return;
  context.globalAlpha = 1;
  context.strokeStyle = style.getPropertyValue('--ink');
  context.lineWidth = 2;
  const [x, y] = place(cloud[hovered * 2] ?? 0, cloud[hovered * 2 + 1] ?? 0);
  context.beginPath();
  context.arc(x, y, 6, 0, 2 * Math.PI);
  context.stroke();
}

/** Circles for clean images, diamonds for triggered ones: colour is not the only sign. */
function mark(context: CanvasRenderingContext2D, x: number, y: number, bad: boolean, radius: number): void {
  if (!bad) {
    context.arc(x, y, radius, 0, 2 * Math.PI);
    return;
  }
  const reach = radius * 1.35;
  context.moveTo(x, y - reach);
  context.lineTo(x + reach, y);
  context.lineTo(x, y + reach);
  context.lineTo(x - reach, y);
}
