import { describe, expect, test } from 'vitest';
import { languageOf } from '../../activities/providers/language.ts';

describe('the language of a query by its script', () => {
  test.each([
    ['how does paged attention work', 'en', undefined],
    ['¿Cómo funciona?', 'en', undefined],
    ['2024 12 31', 'en', undefined],
    ['', 'en', undefined],
    ['大语言模型推理显存优化', 'zh', 'CN'],
    ['大語言模型的記憶體優化與實現', 'zh', 'TW'],
    ['メモリの最適化', 'ja', 'JP'],
    ['東京の天気', 'ja', 'JP'],
    ['서울 날씨', 'ko', 'KR'],
    ['погода в Москве', 'ru', 'RU'],
    ['погода в Києві', 'uk', 'UA'],
    ['حالة الطقس', 'ar', undefined],
    ['آب و هوای تهران چگونه است', 'fa', 'IR'],
    ['کراچی کا موسم کیسا ہے', 'ur', undefined],
    ['מזג האוויר', 'he', 'IL'],
    ['ο καιρός στην Αθήνα', 'el', 'GR'],
    ['สภาพอากาศ', 'th', 'TH'],
    ['दिल्ली का मौसम', 'hi', 'IN'],
    ['ঢাকার আবহাওয়া', 'bn', undefined],
    ['ამინდი თბილისში', 'ka', 'GE'],
  ])('%s', (text, language, region) => {
    expect(languageOf(text)).toEqual(region ? { language, region } : { language });
  });
});

describe('mixed scripts', () => {
  test.each([
    ['GPT-4 模型参数量', 'zh'],
    ['Transformer 模型 attention 机制', 'zh'],
    ['iPhone 15 цена', 'ru'],
    ['ChatGPT とは', 'ja'],
    ['what does the Chinese character 龙 mean in English', 'en'],
    ['role of β-catenin and α in cancer', 'en'],
    ['Ω resistance of copper wire', 'en'],
  ])('%s', (text, language) => {
    expect(languageOf(text).language).toBe(language);
  });
});
