/** The text of an answer of at most `most` bytes; what `tooMuch` gives is thrown at the first byte beyond. */
export async function limitedText(
  body: AsyncIterable<Uint8Array>,
  most: number,
  tooMuch: () => Error,
): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.byteLength;
    if (size > most) throw tooMuch();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
