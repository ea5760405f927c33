import type { Endpoint } from '../../activities/inference/endpoint.ts';
import type { VisionSettings } from '../../activities/vision/settings.ts';
import { webUrl } from './variable.ts';
import type { Variables } from './variables.ts';

/** The model server of the variables for vision, if they name one. Adds to `problems`. */
export function visionEndpoint(values: Variables, problems: string[]): Endpoint[] {
  const {
    DEEP_RESEARCH_VISION_URL: url,
    DEEP_RESEARCH_VISION_MODEL: model,
    DEEP_RESEARCH_VISION_API_KEY: apiKey,
  } = values;
  if (!url && !model && !apiKey) return [];
  if (!url) {
    problems.push('DEEP_RESEARCH_VISION_URL: expected the URL of the model server that looks at images, got nothing.');
  } else if (!webUrl.safeParse(url).success) {
    problems.push(`DEEP_RESEARCH_VISION_URL: expected an http or https URL, got "${url}".`);
  }
  if (!model) problems.push('DEEP_RESEARCH_VISION_MODEL: expected the name of its model, got nothing.');
  if (!url || !model) return [];
  return [
    {
      name: 'vision',
      url,
      model,
      format: 'deep_research',
      weight: 1,
      roles: ['vision'],
      ...(apiKey ? { apiKey } : {}),
      variables: {
        url: 'DEEP_RESEARCH_VISION_URL',
        model: 'DEEP_RESEARCH_VISION_MODEL',
        apiKey: 'DEEP_RESEARCH_VISION_API_KEY',
      },
    },
  ];
}

/** @throws Error that names the variable where an endpoint cannot do what is wanted */
export function visionSettings(values: Variables, endpoints: readonly Endpoint[]): VisionSettings {
  const wholeVideos = values.DEEP_RESEARCH_VISION_VIDEO === 'whole';
  const without = endpoints.find(({ roles, format }) => roles.includes('vision') && NO_VIDEO.has(format));
  if (wholeVideos && without) {
    throw new Error(
      `DEEP_RESEARCH_VISION_VIDEO: expected frames, got "whole": the endpoint ${without.name} has the format ${without.format}, whose API takes no videos.`,
    );
  }
  return {
    maxSide: values.DEEP_RESEARCH_VISION_MAX_SIDE,
    maxBytes: values.DEEP_RESEARCH_VISION_MAX_KB * 1024,
    frames: values.DEEP_RESEARCH_VISION_FRAMES,
    frameSide: values.DEEP_RESEARCH_VISION_FRAME_SIDE,
    wholeVideos,
  };
}

const NO_VIDEO: ReadonlySet<string> = new Set(['azure', 'aihubmix', 'aihubmix_claude']);
