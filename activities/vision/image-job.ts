/** What the program that sizes images down is told. */
export interface ImageJob {
  /** Longer sides are made as short, in pixels. */
  maxSide: number;
  /** Of each picture that it gives, in bytes. */
  maxBytes: number;
  /** More of them are not decoded: a small file can claim any number. */
  maxPixels: number;
  /** Of an animation, pictures spread over it. */
  frames: number;
}

/** One picture that it gives; the bytes of all follow the answer's line. */
export interface GivenPicture {
  bytes: number;
  type: 'image/jpeg' | 'image/png';
  width: number;
  height: number;
  /** Of an animation: which of its pictures it is, from 1. */
  frame: number;
}

/** The first line of its output: the pictures, or why there are none, as the end of a sentence. */
export type ImageAnswer =
  | { pictures: GivenPicture[]; width: number; height: number; frames: number }
  | { refused: string };
