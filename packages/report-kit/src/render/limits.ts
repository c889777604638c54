/** What one job may use; reaching a limit ends the job with a message that names it. */
export interface RenderLimits {
  readonly timeMs: number;
  /** Resident memory of all the job's browser processes together. */
  readonly memoryBytes: number;
  readonly pages: number;
  readonly outputBytes: number;
  /** Width × height of one picture. */
  readonly imagePixels: number;
  /** All assets of a job together. */
  readonly assetBytes: number;
  /** Elements that are laid out and printed at once: fewer take less memory and more time. */
  readonly partElements: number;
  /** Drawing of one diagram: one that takes longer stays text, and the document goes on. */
  readonly diagramMs: number;
}

/** The limits of a job that sets none. */
export const DEFAULT_LIMITS: RenderLimits = {
  timeMs: 120_000,
  memoryBytes: 3 * 1024 ** 3,
  pages: 20_000,
  outputBytes: 512 * 1024 ** 2,
  imagePixels: 50_000_000,
  assetBytes: 512 * 1024 ** 2,
  partElements: 40_000,
  diagramMs: 10_000,
};
