import { describe, expect, it } from 'vitest';
import { sentenceParts, splitCitations, withoutOpenMark } from './reasoning';

describe('citations', () => {
  it('are cut out of the text with the space before them', () => {
    expect(splitCitations('Embolism fits best [1][3].')).toEqual(['Embolism fits best', 1, 3, '.']);
    expect(splitCitations('[2] first')).toEqual([2, ' first']);
    expect(splitCitations('both [1, 2]')).toEqual(['both', 1, 2]);
    expect(splitCitations('none [sic]')).toEqual(['none [sic]']);
  });

  it('follow the sentence when they are not written in it, once each', () => {
    expect(sentenceParts({ text: ' It fits. ', citations: [1] })).toEqual(['It fits.', 1]);
    expect(sentenceParts({ text: 'It fits [1].', citations: [1, 2] })).toEqual(['It fits', 1, '.', 2]);
  });
});

describe('withoutOpenMark', () => {
  it.each([
    ['fits [1', 'fits'],
    ['fits [', 'fits'],
    ['fits [1, ', 'fits'],
    ['fits ', 'fits'],
    ['fits [1]', 'fits [1]'],
    ['fits [1] and', 'fits [1] and'],
    ['fits [a', 'fits [a'],
  ])('%s is shown as %s', (text, shown) => expect(withoutOpenMark(text)).toBe(shown));
});
