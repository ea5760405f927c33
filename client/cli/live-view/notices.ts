/** Lines for people that come at any time, such as a restarted server. While a live view runs they go through it. */
export interface Notices {
  say(line: string): void;
  /** Gives the lines to somebody else until the returned function is called. */
  divert(show: (line: string) => void): () => void;
}

export function noticesTo(write: (line: string) => void): Notices {
  let show = write;
  return {
    say: (line) => show(line),
    divert(other) {
      show = other;
      return () => {
        show = write;
      };
    },
  };
}
