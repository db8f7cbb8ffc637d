import { useEffect, useRef } from 'react';
import type { ImageStrip } from '../../protocol/summaries';
import { cx } from './cx';
import styles from './PixelImage.module.css';

interface PixelImageProps {
  readonly strip: ImageStrip;
  readonly index: number;
  /** What a screen reader says. */
  readonly label: string;
  readonly className?: string | undefined;
}

/** One image of a strip, its pixels kept square and sharp. */
export function PixelImage({ strip, index, label, className }: PixelImageProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (context) context.putImageData(toImageData(strip, index), 0, 0);
  }, [strip, index]);
  return (
    <canvas
      ref={canvas}
      width={strip.width}
      height={strip.height}
      className={cx(styles.image, className)}
      role="img"
      aria-label={label}
      title={label}
    />
  );
}

function toImageData({ width, height, pixels }: ImageStrip, index: number): ImageData {
  const image = new ImageData(width, height);
  const offset = index * width * height * 3;
  for (let pixel = 0; pixel < width * height; pixel += 1) {
    for (let channel = 0; channel < 3; channel += 1) {
      image.data[pixel * 4 + channel] = pixels[offset + pixel * 3 + channel] ?? 0;
    }
    image.data[pixel * 4 + 3] = 255;
  }
  return image;
}
