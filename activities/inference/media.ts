import type { Message } from '../../protocol/messages.ts';

/** An image or a video that is sent to a model, inside the request. */
export interface Media {
  kind: 'image' | 'video';
  /** Media type, such as `image/jpeg`. */
  type: string;
  base64: string;
  /** Said to the model before it: which file it is, which frame. */
  label: string;
}

type UserMessage = Extract<Message, { role: 'user' }>;

/** A message as it goes to a model. Only questions of tools have media; the transcripts of sessions are text. */
export type ModelMessage = Exclude<Message, UserMessage> | (UserMessage & { media?: readonly Media[] });

export const dataUri = ({ type, base64 }: Media): string => `data:${type};base64,${base64}`;
