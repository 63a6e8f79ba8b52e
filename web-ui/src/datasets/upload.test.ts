import { expect, it } from 'vitest';
import { datasetFile } from './upload';

it.each([
  ['letters.jsonl', 'letters.jsonl'],
  ['Herz Briefe (2).JSONL', 'Herz-Briefe-2-.jsonl'],
  ['../../x.txt', 'x.txt'],
  ['table.parquet', 'table.parquet'],
  ['archive.zip', null],
  ['.md', null],
  ['letters.json', null],
])('%s is sent as %s', (file, name) => expect(datasetFile(file)).toBe(name));
