/** Smallest space that is made. */
const LEAST = 16 * 1024;

/** UTF-8 that is added to at its end; its space doubles when it is full. */
export class GrowingBytes {
  private space = Buffer.allocUnsafeSlow(LEAST);
  /** Bytes in use. May be lowered, to write again from there. */
  length = 0;

  add(text: string): void {
    // At most three bytes for each UTF-16 unit; counting them exactly costs as much as writing them.
    if (this.length + 3 * text.length > this.space.length) this.makeRoom(Buffer.byteLength(text));
    this.length += this.space.write(text, this.length);
  }

  /** The bytes in use, not copied. */
  view(): Uint8Array {
    return this.space.subarray(0, this.length);
  }

  private makeRoom(bytes: number): void {
    const needed = this.length + bytes;
    if (needed <= this.space.length) return;
    const wider = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.space.length));
    this.space.copy(wider, 0, 0, this.length);
    this.space = wider;
  }
}
