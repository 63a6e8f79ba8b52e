import { describe, expect, it } from 'vitest';
import { emptyForm, formatsOf, missing, recipeYaml, scalar, suggestedName } from './recipeForm';

describe('a form writes a recipe', () => {
  it('for pre-training from nothing, with only what was chosen', () => {
    const form = { ...emptyForm('pretrain'), name: 'wards', shape: 'tiny' as const };
    form.data = [{ dataset: 'letters', format: 'text', weight: '' }];
    expect(recipeYaml(form)).toBe(`kind: train
name: wards
stage: pretrain
model:
  scratch: {hidden: 64, layers: 2, heads: 4, kvHeads: 2, headSize: 16, intermediate: 192, context: 1024}
data:
  - {dataset: letters, format: text}
steps: 1000
`);
  });

  it('for fine-tuning with all that can be chosen', () => {
    expect(
      recipeYaml({
        ...emptyForm('finetune'),
        model: 'starter',
        description: 'Letters: of one clinic',
        adapter: 'lora',
        rank: '8',
        precision: 'bf16',
        optimizer: 'adan',
        learningRate: '0.0002',
        data: [
          { dataset: 'letters@3', format: 'chat', weight: '2' },
          { dataset: 'cases', format: 'chat', weight: '' },
        ],
        evaluation: 'held-out',
        prompts: 'What hurts?\n\n  Since when?  ',
        sequence: '768',
        batchTokens: '2000',
      }),
    ).toBe(`kind: train
name: starter-tuned
description: "Letters: of one clinic"
stage: finetune
model:
  from: starter
adapter: {kind: lora, rank: 8}
precision: {format: bf16}
data:
  - {dataset: letters@3, format: chat, weight: 2}
  - {dataset: cases, format: chat}
evaluation:
  data:
    - {dataset: held-out, format: chat}
samples:
  prompts:
    - "What hurts?"
    - "Since when?"
sequence: 768
batchTokens: 2000
epochs: 2
optimizer: {method: adan, learningRate: 0.0002}
`);
  });

  it('for reinforcement by rewards and by pairs', () => {
    const form = { ...emptyForm('reinforce'), model: 'tuned', name: 'better', length: 'epochs' as const };
    form.data = [{ dataset: 'sums', format: 'prompts', weight: '' }];
    form.batchTokens = '500';
    expect(recipeYaml(form)).toContain(
      'reinforce:\n  method: grpo\n  rewards:\n    - {kind: exact}\nsteps: 100\n',
    );
    expect(recipeYaml({ ...form, reward: 'judge', judge: 'starter' })).toContain(
      '  rewards:\n    - {kind: judge, model: starter}\n',
    );
    expect(recipeYaml({ ...form, method: 'dpo' })).toContain('reinforce:\n  method: dpo\nepochs: 2\n');
    expect(recipeYaml(form)).not.toContain('batchTokens');
  });

  it('for fusion and growth', () => {
    const form = { ...emptyForm('fuse'), base: 'starter' };
    form.sources = [
      { model: 'hearts', weight: '0.5' },
      { model: 'heads', weight: '' },
    ];
    expect(recipeYaml(form)).toBe(
      'kind: fuse\nname: starter-fused\nmethod: ties\nbase: starter\nmodels:\n  - {model: hearts, weight: 0.5}\n  - {model: heads}\n',
    );
    expect(recipeYaml({ ...form, fusion: 'linear' })).not.toContain('base');
    expect(recipeYaml({ ...emptyForm('grow'), model: 'starter' })).toBe(
      'kind: grow\nname: starter-grown\nmodel: starter\nfactor: 2\nform: stack_zero\n',
    );
  });
});

it('a stage reads its own formats', () => {
  expect(formatsOf({ stage: 'reinforce', method: 'ipo' })).toEqual(['pairs']);
  expect(formatsOf({ stage: 'pretrain', method: 'grpo' })).toEqual(['text', 'tokens']);
});

it.each([
  ['plain name', 'plain name'],
  ['letters@3', 'letters@3'],
  ['no', '"no"'],
  ['12', '"12"'],
  ['a: b', '"a: b"'],
  ['says "x"', '"says \\"x\\""'],
  ['ends ', '"ends "'],
  ['', '""'],
])('%s is written as %s', (text, yaml) => expect(scalar(text)).toBe(yaml));

it('a name is made of what is chosen, and can be one', () => {
  const form = emptyForm('finetune');
  expect(suggestedName(form)).toBe('new-tuned');
  form.data = [{ dataset: '.Herz Briefe!@2', format: 'chat', weight: '' }];
  expect(suggestedName(form)).toMatch(/^[a-z0-9][a-z0-9._-]{0,62}$/);
  expect(suggestedName({ ...form, model: 'x'.repeat(90) })).toHaveLength(63);
});

it('a form says what is still to be chosen', () => {
  const form = emptyForm('reinforce');
  expect(missing(form)).toMatch(/model/);
  form.model = 'starter';
  expect(missing(form)).toMatch(/dataset/);
  form.data = [{ dataset: 'sums', format: 'prompts', weight: '' }];
  expect(missing(form)).toBeNull();
  const fuse = emptyForm('fuse');
  expect(missing(fuse)).toMatch(/trained from/);
  expect(missing({ ...fuse, fusion: 'linear' })).toMatch(/to fuse/);
  expect(missing({ ...emptyForm('grow'), model: 'starter' })).toBeNull();
});
