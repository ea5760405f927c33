/** How images and videos are made ready for a model. */
export interface VisionSettings {
  /** Longest side of an image, in pixels. */
  maxSide: number;
  /** Of one image as it is sent, in bytes. */
  maxBytes: number;
  /** Pictures of a video that are shown, and their longest side. */
  frames: number;
  frameSide: number;
  /** Whether the model servers take videos themselves. */
  wholeVideos: boolean;
}

export const DEFAULT_VISION: VisionSettings = {
  // What the larger open models look at; more is made smaller there.
  maxSide: 2048,
  // The strictest of the hosted APIs takes 5 MB in Base64.
  maxBytes: 3 * 1024 * 1024,
  frames: 16,
  frameSide: 768,
  wholeVideos: false,
};

/** Files that are larger are not read at all, in bytes. */
export const MOST_BYTES = { image: 50 * 1024 * 1024, video: 500 * 1024 * 1024, fetchedVideo: 100 * 1024 * 1024 };

/** Of all that goes to a model with one question: servers refuse requests that are much larger. */
export const MOST_SENT_BYTES = 20 * 1024 * 1024;
