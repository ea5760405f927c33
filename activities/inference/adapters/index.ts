import type { Adapter } from '../adapter.ts';
import type { SystemFormat } from '../endpoint.ts';
import { anthropic } from './anthropic/index.ts';
import { chatCompletions } from './chat-completions.ts';
import { chatTools } from './chat-tools.ts';
import { responses } from './responses/index.ts';

const ADAPTERS: Record<SystemFormat, Adapter> = {
  deep_research: chatCompletions,
  azure: responses,
  aihubmix: responses,
  aihubmix_claude: anthropic,
  aihubmix_glm: chatTools,
  volcano: chatTools,
  aliyun: chatTools,
};

/** The adapter that speaks a format's API. */
export const adapterOf = (format: SystemFormat): Adapter => ADAPTERS[format];
