import { choice, count, secret, text } from '../variable.ts';

/** The model server that looks at images, and how they are made ready for it. */
export const vision = {
  DEEP_RESEARCH_VISION_URL: text({
    description:
      'Model server with an OpenAI-compatible API that takes images: base URL with or without `/v1`. Without it, and without an endpoint that has the role `vision`, there are no questions on images and videos.',
    takes: 'an http or https URL',
  }),
  DEEP_RESEARCH_VISION_MODEL: text({ description: 'Its model.', takes: "a model's name" }),
  DEEP_RESEARCH_VISION_API_KEY: secret({ description: 'Its key.' }),
  DEEP_RESEARCH_VISION_MAX_SIDE: count(
    { fallback: 2048, min: 64, max: 8192 },
    { description: 'Images are sent with their longer side at most this long.', unit: 'pixels' },
  ),
  DEEP_RESEARCH_VISION_MAX_KB: count(
    { fallback: 3072, min: 16, max: 20_480 },
    { description: 'Each image is sent with at most this size.', unit: 'KiB' },
  ),
  DEEP_RESEARCH_VISION_FRAMES: count(
    { fallback: 16, min: 1, max: 128 },
    { description: 'A video is shown in so many frames, spread evenly over it.', unit: 'frames' },
  ),
  DEEP_RESEARCH_VISION_FRAME_SIDE: count(
    { fallback: 768, min: 64, max: 4096 },
    { description: 'Their longer side at most.', unit: 'pixels' },
  ),
  DEEP_RESEARCH_VISION_VIDEO: choice(['frames', 'whole'], 'frames', {
    description:
      'Whether videos are shown in frames, or sent whole (MP4 and WebM of up to 12 MB) to servers that take `video_url`, such as vLLM with a model for video.',
  }),
};
