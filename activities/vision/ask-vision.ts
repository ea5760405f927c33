import { ApplicationFailure } from '@temporalio/common';
import { FAILURE } from '../../protocol/names.ts';
import { askModel, type ModelAnswer } from '../inference/ask-model.ts';
import type { Fleet } from '../inference/fleet/index.ts';
import type { Media } from '../inference/media.ts';
import { ToolError, TryLater } from '../tools/tool.ts';

export interface VisionQuestion {
  /** What the model is, and how it answers. */
  system: string;
  question: string;
  media: readonly Media[];
  signal: AbortSignal;
}

/** Room for a thought and a long transcription. */
const SETTINGS = { maxTokens: 8_192 };

/**
 * Asks a model server with the role `vision`. Throws `TryLater` where the server is at fault, and `ToolError` with a
 * sentence where it refuses the question for good.
 */
export async function askVision(
  fleet: Fleet,
  { system, question, media, signal }: VisionQuestion,
): Promise<ModelAnswer> {
  const messages = [
    { role: 'system', content: system },
    { role: 'user', content: question, media },
  ] as const;
  try {
    return await askModel(fleet, { role: 'vision', messages: [...messages], model: SETTINGS, signal });
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw toolFailure(error);
  }
}

/** What a failed model call is to a tool; `inference/failure.ts` has told retryable from final. */
function toolFailure(error: unknown): unknown {
  if (!(error instanceof ApplicationFailure)) return error;
  const { message, type, nonRetryable, nextRetryDelay } = error;
  if (type === FAILURE.contextOverflow) {
    return new ToolError('That is more than the vision model takes at once; ask about fewer or smaller images.');
  }
  const text = `The vision model could not be asked: ${message.replace(/\.$/, '')}.`;
  if (nonRetryable) return new ToolError(text);
  const afterMs = Number(nextRetryDelay);
  return new TryLater(message, { text, failed: true }, afterMs > 0 ? afterMs : undefined);
}
