import type { Fleet } from '../inference/fleet/index.ts';
import { servesVision } from '../vision/describe-image.ts';
import { ffmpeg } from '../vision/ffmpeg.ts';
import { DEFAULT_VISION, type VisionSettings } from '../vision/settings.ts';
import { webFiles } from '../web/web-files.ts';
import type { WebSettings } from '../web/web-pages.ts';
import { makeAskImageTool } from './ask-about-image.ts';
import { makeAskVideoTool } from './ask-about-video.ts';
import { builtIn, type ServedTool } from './served-tool.ts';
import type { Tool } from './tool.ts';
import { withinTime } from './within-time.ts';

export interface VisionToolsOptions {
  fleet?: Fleet;
  vision?: VisionSettings;
  /** How files of the web are fetched; without it they are not. */
  web?: WebSettings;
}

/** As long as the original's tool service takes. */
const MOST_SECONDS = 600;

/** The questions on images, where a model server has the role `vision`, and on videos, where ffmpeg is there as well. */
export async function visionTools(
  { fleet, vision: settings = DEFAULT_VISION, web }: VisionToolsOptions,
  limits: { seconds: number },
): Promise<ServedTool[]> {
  if (!fleet || !servesVision(fleet)) return [];
  const seconds = Math.min(limits.seconds, MOST_SECONDS);
  const base = { fleet, settings, ...(web ? { fetchFile: webFiles(web) } : {}) };
  const found = await ffmpeg();
  return [
    builtIn(limited(makeAskImageTool(base), seconds)),
    ...(found ? [builtIn(limited(makeAskVideoTool({ ...base, ffmpeg: found }), seconds))] : []),
  ];
}

const limited = <A>(tool: Tool<A>, seconds: number): Tool<A> => ({
  ...tool,
  run: (args, context) =>
    withinTime(tool.name, seconds, context.signal, (signal) => tool.run(args, { ...context, signal })),
});
