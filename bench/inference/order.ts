/** The field `bench` of a request: what the streaming model server is to send. */
export interface StreamOrder {
  tokens: number;
  /** Milliseconds a token. */
  tokenMs: number;
  /** Streams that begin together. */
  together: number;
}
