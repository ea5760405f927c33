import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Source, ToolCallOutput } from '../../protocol/tool-call.ts';
import type { Fleet } from '../inference/fleet/index.ts';
import type { Media } from '../inference/media.ts';
import { askVision } from '../vision/ask-vision.ts';
import { type ToolContext, ToolError } from './tool.ts';

/** One image or video, made ready to be shown. */
export interface ShownMedia {
  media: Media[];
  /** What the reader of the answer has to know of how it was shown. */
  note?: string;
}

export interface MediaQuestion {
  tool: string;
  paths: readonly string[];
  question: string;
  system: string;
  fleet: Fleet;
  show(path: string): Promise<ShownMedia>;
}

export const questionArgument = z
  .string({ error: '"question" must be a string: what you want to know.' })
  .refine((question) => question.trim() !== '', '"question" is empty: say what you want to know.');

/**
 * Shows all files of a call to a model and gives its answer. A file that cannot be shown is named behind the answer;
 * the call fails where none can.
 */
export function askAboutMedia(asked: MediaQuestion, context: ToolContext): Promise<ToolCallOutput> {
  const { tool, paths, question, system, fleet, show } = asked;
  const key = createHash('sha256')
    .update(JSON.stringify([paths, question]))
    .digest('hex');
  return context.recorded(`${tool} ${key}`, async () => {
    const media: Media[] = [];
    const notes: string[] = [];
    const sources: Source[] = [];
    // One after another: each may take a good part of the memory.
    for (const path of paths) {
      try {
        const shown = await show(path);
        media.push(...shown.media);
        if (shown.note) notes.push(shown.note);
        sources.push({ url: path });
      } catch (error) {
        if (!(error instanceof ToolError)) throw error;
        notes.push(error.message);
      }
    }
    if (sources.length === 0) throw new ToolError(notes.join('\n'));
    const { signal } = context;
    const { text, usage } = await askVision(fleet, { system, question, media, signal });
    const answer = text || '(The vision model gave no answer.)';
    const behind = notes.length > 0 ? `\n\n${notes.map((note) => `[${note}]`).join('\n')}` : '';
    return { text: `${answer}${behind}`, sources, usage };
  });
}
