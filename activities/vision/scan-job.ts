/** What the program that looks for scanned pages is told. */
export interface ScanJob {
  /** The first page wanted, from 1, and how many scanned ones from there on. */
  from: number;
  count: number;
  maxSide: number;
  maxBytes: number;
}

/** An image of a page; the bytes of all follow the answer's line. */
export interface PageImage {
  page: number;
  bytes: number;
  type: 'image/jpeg' | 'image/png';
}

/** The first line of its output. */
export interface ScanAnswer {
  /** Of the whole document. */
  pages: number;
  images: PageImage[];
  /** The first page behind these that has images and no text, if there is one. */
  next?: number;
}
