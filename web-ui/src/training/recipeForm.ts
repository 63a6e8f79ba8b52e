import type { DataFormat } from '../api/types';

/** What a form can ask for: one command, one button each. */
export const STAGES = ['pretrain', 'finetune', 'reinforce', 'fuse', 'grow'] as const;
export type Stage = (typeof STAGES)[number];

export const STAGE_WORDS: Record<Stage, { button: string; title: string; about: string }> = {
  pretrain: {
    button: 'Pre-train',
    title: 'Pre-training',
    about: 'Reads documents and learns their language. Starts from a model, or from nothing.',
  },
  finetune: {
    button: 'Fine-tune',
    title: 'Supervised fine-tuning',
    about: 'Learns from examples what to answer.',
  },
  reinforce: {
    button: 'Reinforce',
    title: 'Reinforcement learning',
    about: 'Learns from judgements on its own answers, or from pairs of a better and a worse one.',
  },
  fuse: {
    button: 'Fuse',
    title: 'Fusion',
    about: 'Makes one model of several of the same shape.',
  },
  grow: {
    button: 'Grow',
    title: 'Growth',
    about: 'Makes a deeper model of a trained one, to be trained on.',
  },
};

export const SHAPES = {
  tiny: 'hidden: 64, layers: 2, heads: 4, kvHeads: 2, headSize: 16, intermediate: 192, context: 1024',
  small: 'hidden: 384, layers: 8, heads: 6, kvHeads: 2, headSize: 64, intermediate: 1152, context: 2048',
  medium: 'hidden: 768, layers: 16, heads: 12, kvHeads: 4, headSize: 64, intermediate: 2304, context: 4096',
} as const;
export type Shape = keyof typeof SHAPES;

export const PRECISIONS = ['fp32', 'bf16', 'fp8_block', 'fp8_tensor', 'fp8_hybrid', 'nvfp4'] as const;

export interface DataChoice {
  dataset: string;
  format: DataFormat;
  weight: string;
}

export interface RecipeForm {
  stage: Stage;
  name: string;
  description: string;
  /** Of a model that is there; empty for a new one. */
  model: string;
  shape: Shape;
  data: DataChoice[];
  evaluation: string;
  adapter: 'none' | 'lora' | 'dora';
  rank: string;
  precision: string;
  optimizer: string;
  learningRate: string;
  length: 'steps' | 'epochs';
  steps: string;
  epochs: string;
  sequence: string;
  batchTokens: string;
  method: 'grpo' | 'dpo' | 'ipo';
  reward: string;
  /** The model that judges, for a reward that needs one. */
  judge: string;
  prompts: string;
  fusion: 'linear' | 'task_arithmetic' | 'ties';
  sources: { model: string; weight: string }[];
  base: string;
  factor: string;
}

export function emptyForm(stage: Stage): RecipeForm {
  return {
    stage,
    name: '',
    description: '',
    model: '',
    shape: 'small',
    data: [{ dataset: '', format: usualFormat(stage, 'grpo'), weight: '' }],
    evaluation: '',
    adapter: 'none',
    rank: '',
    precision: '',
    optimizer: '',
    learningRate: '',
    length: stage === 'finetune' ? 'epochs' : 'steps',
    steps: stage === 'reinforce' ? '100' : '1000',
    epochs: '2',
    sequence: '',
    batchTokens: '',
    method: 'grpo',
    reward: 'exact',
    judge: '',
    prompts: '',
    fusion: 'ties',
    sources: [
      { model: '', weight: '' },
      { model: '', weight: '' },
    ],
    base: '',
    factor: '2',
  };
}

export function usualFormat(stage: Stage, method: RecipeForm['method']): DataFormat {
  if (stage === 'reinforce') return method === 'grpo' ? 'prompts' : 'pairs';
  return stage === 'pretrain' ? 'text' : 'chat';
}

/** Whether it learns from rewards on its own answers. */
export function isRewarded(form: Pick<RecipeForm, 'stage' | 'method'>): boolean {
  return form.stage === 'reinforce' && form.method === 'grpo';
}

/** Formats that a stage reads. */
export function formatsOf(form: Pick<RecipeForm, 'stage' | 'method'>): DataFormat[] {
  return form.stage === 'reinforce'
    ? [usualFormat('reinforce', form.method)]
    : form.stage === 'pretrain'
      ? ['text', 'tokens']
      : ['chat', 'text', 'tokens'];
}

/** What is still to be chosen before there is a recipe to speak of; null if nothing is. */
export function missing(form: RecipeForm): string | null {
  if (form.stage === 'fuse') {
    if (form.fusion !== 'linear' && !form.base) return 'Choose the model that the others were trained from.';
    return form.sources.some((item) => !item.model) ? 'Choose the models to fuse.' : null;
  }
  if (!form.model && (form.stage === 'grow' || form.stage === 'reinforce'))
    return 'Choose a model to start from.';
  if (form.stage === 'grow') return null;
  return form.data.some((item) => !item.dataset) ? 'Choose a dataset to train on.' : null;
}

/** A name for the model to be, from what is chosen. */
export function suggestedName(form: RecipeForm): string {
  const from = form.stage === 'fuse' ? form.base || form.sources[0]?.model : form.model;
  const what = {
    pretrain: 'pretrained',
    finetune: 'tuned',
    reinforce: 'reinforced',
    fuse: 'fused',
    grow: 'grown',
  };
  return `${from || form.data[0]?.dataset || 'new'}-${what[form.stage]}`
    .toLowerCase()
    .replace(/@\d+$/, '')
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^[^a-z0-9]+/, '')
    .slice(0, 63);
}

/** YAML that reads as the text itself: quoted where a reader could take it for something else. */
export function scalar(text: string): string {
  const plain =
    /^[A-Za-z_][A-Za-z0-9_.@/ -]*$/.test(text) && !/^(true|false|null|yes|no|on|off|y|n)$/i.test(text);
  return plain && text === text.trim() ? text : JSON.stringify(text);
}

/** The recipe that a form stands for: only what was chosen is written, the rest has its defaults. */
export function recipeYaml(form: RecipeForm): string {
  const lines = [`kind: ${form.stage === 'fuse' || form.stage === 'grow' ? form.stage : 'train'}`];
  lines.push(`name: ${scalar(form.name.trim() || suggestedName(form))}`);
  if (form.description.trim()) lines.push(`description: ${scalar(form.description.trim())}`);
  if (form.stage === 'fuse') lines.push(...fusion(form));
  else if (form.stage === 'grow') lines.push(...growth(form));
  else lines.push(...training(form));
  return `${lines.join('\n')}\n`;
}

function fusion(form: RecipeForm): string[] {
  return [
    `method: ${form.fusion}`,
    ...(form.fusion === 'linear' ? [] : [`base: ${scalar(form.base)}`]),
    'models:',
    ...form.sources.map(
      ({ model, weight }) =>
        `  - {model: ${scalar(model)}${weight.trim() ? `, weight: ${weight.trim()}` : ''}}`,
    ),
  ];
}

function growth(form: RecipeForm): string[] {
  return [`model: ${scalar(form.model)}`, `factor: ${form.factor.trim() || '2'}`, 'form: stack_zero'];
}

function training(form: RecipeForm): string[] {
  const lines = [`stage: ${form.stage}`, 'model:'];
  if (form.model || form.stage === 'reinforce') lines.push(`  from: ${scalar(form.model)}`);
  else lines.push(`  scratch: {${SHAPES[form.shape]}}`);
  if (form.adapter !== 'none') {
    lines.push(`adapter: {kind: ${form.adapter}${form.rank.trim() ? `, rank: ${form.rank.trim()}` : ''}}`);
  }
  if (form.precision) lines.push(`precision: {format: ${form.precision}}`);
  lines.push('data:', ...form.data.map(choice));
  if (form.evaluation) {
    const format = form.data[0]?.format ?? usualFormat(form.stage, form.method);
    lines.push('evaluation:', '  data:', `    - {dataset: ${scalar(form.evaluation)}, format: ${format}}`);
  }
  const prompts = form.prompts
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  if (prompts.length > 0)
    lines.push('samples:', '  prompts:', ...prompts.map((line) => `    - ${scalar(line)}`));
  if (form.stage === 'reinforce') {
    lines.push('reinforce:', `  method: ${form.method}`);
    if (isRewarded(form))
      lines.push(
        '  rewards:',
        `    - {kind: ${scalar(form.reward)}${form.judge ? `, model: ${scalar(form.judge)}` : ''}}`,
      );
  }
  if (form.sequence.trim()) lines.push(`sequence: ${form.sequence.trim()}`);
  if (form.batchTokens.trim() && form.stage !== 'reinforce')
    lines.push(`batchTokens: ${form.batchTokens.trim()}`);
  const grpo = isRewarded(form);
  lines.push(
    form.length === 'steps' || grpo ? `steps: ${form.steps.trim()}` : `epochs: ${form.epochs.trim()}`,
  );
  const optimizer = [
    form.optimizer && `method: ${form.optimizer}`,
    form.learningRate.trim() && `learningRate: ${form.learningRate.trim()}`,
  ].filter(Boolean);
  if (optimizer.length > 0) lines.push(`optimizer: {${optimizer.join(', ')}}`);
  return lines;
}

function choice({ dataset, format, weight }: DataChoice): string {
  return `  - {dataset: ${scalar(dataset)}, format: ${format}${weight.trim() ? `, weight: ${weight.trim()}` : ''}}`;
}
