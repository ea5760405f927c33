import { describe, expect, test } from 'vitest';
import { type ChatMessage, readPrompt, render } from '../../local/rehearsal/template.ts';

const user = (content: string): ChatMessage => ({ role: 'user', content });
const assistant = (content: string): ChatMessage => ({ role: 'assistant', content });
const RESULTS = '<tool_response>\nfound\n</tool_response>';

describe('the chat template', () => {
  test('keeps the thoughts of replies after the last question', () => {
    const prompt = render([user('Q'), assistant('<think>\nhm\n</think>\n\ncall'), user(RESULTS)]);
    expect(prompt).toBe(
      '<|im_start|>user\nQ<|im_end|>\n' +
        '<|im_start|>assistant\n<think>\nhm\n</think>\n\ncall<|im_end|>\n' +
        `<|im_start|>user\n${RESULTS}<|im_end|>\n<|im_start|>assistant\n`,
    );
  });

  test.each([
    ['a question', 'And then?', false],
    ['results with a text before them', `Note. ${RESULTS}`, false],
    ['results with a text behind them', `${RESULTS}\nNote.`, false],
    ['results alone', RESULTS, true],
    ['results with a further block', `${RESULTS}\n<tool_response>\nMessage from the user:\nx\n</tool_response>`, true],
  ])('after %s, earlier thoughts are there or gone', (_, content, kept) => {
    const prompt = render([user('Q'), assistant('<think>\nhm\n</think>\n\ncall'), user(content)]);
    expect(prompt.includes('<think>\nhm\n</think>')).toBe(kept);
    expect(prompt).toContain('call<|im_end|>');
  });

  test('brings a thought into one form, whether its opening was stripped or it came apart', () => {
    const forms = ['hm\n</think>\ncall', '<think>hm</think>call', '<think>\n\nhm\n\n</think>\n\n\ncall'];
    const prompts = forms.map((form) => render([user('Q'), assistant(form), user(RESULTS)]));
    prompts.push(render([user('Q'), { ...assistant('call'), reasoning: 'hm' }, user(RESULTS)]));
    expect(new Set(prompts).size).toBe(1);
  });

  test('puts an empty thought before a last reply without one, as Qwen3 does', () => {
    const prompt = render([user('Q'), assistant('<think>\nI was')], {
      addGenerationPrompt: false,
      continueFinalMessage: true,
    });
    expect(prompt.endsWith('<|im_start|>assistant\n<think>\n\n</think>\n\n<think>\nI was')).toBe(true);
  });

  test('makes one user message of tool messages in a row', () => {
    const prompt = render([
      user('Q'),
      assistant('call'),
      { role: 'tool', content: 'a' },
      { role: 'tool', content: 'b' },
    ]);
    expect(prompt).toContain(
      '<|im_start|>user\n<tool_response>\na\n</tool_response>\n<tool_response>\nb\n</tool_response><|im_end|>',
    );
  });

  test('can be read back, with the part of a reply that is there', () => {
    const messages = [
      { role: 'system', content: 'S\n' },
      user('Q\nQ'),
      assistant('<think>\nhm\n</think>\n\ncall'),
      user(RESULTS),
    ];
    expect(readPrompt(render(messages))).toEqual({ messages, partial: '' });
    expect(readPrompt(`${render(messages)}<think>\nI w`)).toEqual({ messages, partial: '<think>\nI w' });
    expect(readPrompt('plain text')).toEqual({ messages: [user('plain text')], partial: '' });
  });
});
