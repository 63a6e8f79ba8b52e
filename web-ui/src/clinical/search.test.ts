import { describe, expect, it } from 'vitest';
import { fold, search } from './search';

const terms = [
  { id: 'dyspnoea', label: 'breathlessness', synonyms: ['dyspnoea', 'shortness of breath'] },
  { id: 'sudden-dyspnoea', label: 'sudden breathlessness', synonyms: ['acute dyspnoea'] },
  { id: 'chest-pain-pleuritic', label: 'chest pain on breathing in', synonyms: ['pleuritic pain'] },
  { id: 'chest-pain', label: 'pressing chest pain', synonyms: ['chest tightness'] },
  { id: 'haemoptysis', label: 'coughing blood', synonyms: ['haemoptysis'] },
  { id: 'fever', label: 'fever', synonyms: ['pyrexia', 'high temperature'] },
  { id: 'gbs', label: 'ascending weakness', synonyms: ['Guillain-Barré pattern'] },
];

const ids = (text: string, exclude?: Set<string>) => search(terms, text, { exclude }).map((m) => m.term.id);

describe('search', () => {
  it('puts the label that begins with what was typed first', () => {
    expect(ids('breath')[0]).toBe('dyspnoea');
    expect(ids('breath')).toContain('sudden-dyspnoea');
  });

  it('finds by synonym and says which', () => {
    const [first] = search(terms, 'pyrex');
    expect(first?.term.id).toBe('fever');
    expect(first?.synonym).toBe('pyrexia');
    expect(search(terms, 'fev')[0]?.synonym).toBeNull();
  });

  it('takes words in any order, each as the start of a word', () => {
    expect(ids('pain ches')).toEqual(expect.arrayContaining(['chest-pain', 'chest-pain-pleuritic']));
    expect(ids('chest breath')).toEqual(['chest-pain-pleuritic']);
  });

  it('needs every word', () => {
    expect(ids('chest fever')).toEqual([]);
  });

  it('does not mind American spelling, accents or case', () => {
    expect(ids('Hemoptysis')).toEqual(['haemoptysis']);
    expect(ids('dyspnea')[0]).toBe('dyspnoea');
    expect(ids('guillain barre')).toEqual(['gbs']);
    expect(fold('Tumour')).toBe(fold('tumor'));
  });

  it('finds at every keystroke of a word', () => {
    for (const word of ['dyspnoea', 'dyspnea', 'haemoptysis', 'hemoptysis']) {
      for (let length = 1; length <= word.length; length++) {
        expect(ids(word.slice(0, length)), word.slice(0, length)).not.toEqual([]);
      }
    }
  });

  it('leaves out what was chosen already, and nothing typed finds nothing', () => {
    expect(ids('fever', new Set(['fever']))).toEqual([]);
    expect(ids('  ')).toEqual([]);
  });

  it('keeps to the limit', () => {
    expect(search(terms, 'pain', { limit: 1 })).toHaveLength(1);
  });
});
