/** IHDR of a PNG (ISO 15948, 11.2.1), checked. */
export interface PngHeader {
  readonly width: number;
  readonly height: number;
  /** 1, 2, 4, 8 or 16 bits a sample. */
  readonly depth: number;
  /** 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGBA. */
  readonly colorType: number;
  readonly channels: number;
  /** Whole bytes a pixel takes, at least one: the distance the row filters look back. */
  readonly bytesPerPixel: number;
  readonly interlaced: boolean;
}

/** One pass over the image: where its pixels lie in the picture and how many bytes its rows have. */
export interface PngPass {
  readonly x: number;
  readonly y: number;
  readonly stepX: number;
  readonly stepY: number;
  readonly columns: number;
  readonly rows: number;
  readonly rowBytes: number;
}

const CHANNELS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
const DEPTHS: Readonly<Record<number, readonly number[]>> = {
  0: [1, 2, 4, 8, 16],
  2: [8, 16],
  3: [1, 2, 4, 8],
  4: [8, 16],
  6: [8, 16],
};
/** Adam7: x, y, step x, step y of the seven passes. */
const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

/** The header of a whole PNG, or null where a field has a value the standard does not allow. */
export function readPngHeader(png: DataView): PngHeader | null {
  if (png.byteLength < 33 || png.getUint32(8) !== 13 || png.getUint32(12) !== 0x49484452) return null;
  const [width, height, depth, colorType] = [
    png.getUint32(16),
    png.getUint32(20),
    png.getUint8(24),
    png.getUint8(25),
  ];
  const interlace = png.getUint8(28);
  const channels = CHANNELS[colorType];
  if (channels === undefined || !DEPTHS[colorType]?.includes(depth) || width === 0 || height === 0)
    return null;
  if (png.getUint8(26) !== 0 || png.getUint8(27) !== 0 || interlace > 1) return null;
  const bytesPerPixel = Math.max(1, (channels * depth) >> 3);
  return { width, height, depth, colorType, channels, bytesPerPixel, interlaced: interlace === 1 };
}

/** The passes in the order of the data; one where the image is not interlaced, empty passes left out. */
export function pngPasses(header: PngHeader): PngPass[] {
  const layout = header.interlaced ? ADAM7 : ([[0, 0, 1, 1]] as const);
  return layout
    .map(([x, y, stepX, stepY]) => {
      const columns = Math.ceil((header.width - x) / stepX);
      const rows = Math.ceil((header.height - y) / stepY);
      return {
        x,
        y,
        stepX,
        stepY,
        columns,
        rows,
        rowBytes: Math.ceil((columns * header.channels * header.depth) / 8),
      };
    })
    .filter((pass) => pass.columns > 0 && pass.rows > 0);
}
