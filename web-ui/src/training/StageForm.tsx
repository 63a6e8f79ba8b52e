import { ActionIcon, Button, Input, SegmentedControl, Select, Textarea, TextInput } from '@mantine/core';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import { api } from '../api/api';
import type { DataFormat, Dataset } from '../api/types';
import {
  formatsOf,
  isRewarded,
  PRECISIONS,
  type RecipeForm,
  SHAPES,
  type Shape,
  suggestedName,
  usualFormat,
} from './recipeForm';

type Change = (part: Partial<RecipeForm>) => void;

const OPTIMIZERS = [
  'adamw',
  'adamw8bit',
  'adan',
  'adamw_win',
  'adamw_win2',
  'adam_mini',
  'galore',
  'shampoo4bit',
];
const SHAPE_WORDS: Record<Shape, string> = {
  tiny: 'New, tiny: to try out in minutes',
  small: 'New, small: about 15 million weights',
  medium: 'New, medium: about 120 million weights',
};
const NEW = 'new:';

/** The choices of one stage. Empty fields have the recipe's defaults. */
export function StageForm({ form, change }: { form: RecipeForm; change: Change }) {
  const models = useQuery({ queryKey: ['models'], queryFn: api.models });
  const names = [...new Set((models.data ?? []).filter((item) => item.servable).map((item) => item.name))];
  return (
    <div className="form-grid">
      <TextInput
        label="Name of the new model"
        placeholder={suggestedName(form)}
        value={form.name}
        onChange={(event) => change({ name: event.currentTarget.value })}
        data-testid="form-name"
      />
      <TextInput
        label="Description"
        value={form.description}
        onChange={(event) => change({ description: event.currentTarget.value })}
      />
      {form.stage === 'fuse' ? (
        <Fusion form={form} change={change} names={names} />
      ) : form.stage === 'grow' ? (
        <>
          <ModelSelect form={form} change={change} names={names} />
          <TextInput
            label="Times as many layers"
            inputMode="numeric"
            value={form.factor}
            onChange={(event) => change({ factor: event.currentTarget.value })}
          />
        </>
      ) : (
        <Training form={form} change={change} names={names} />
      )}
    </div>
  );
}

function ModelSelect({ form, change, names }: { form: RecipeForm; change: Change; names: string[] }) {
  const shapes =
    form.stage === 'pretrain' || form.stage === 'finetune' ? (Object.keys(SHAPES) as Shape[]) : [];
  const fresh = form.model === '' && shapes.length > 0;
  return (
    <Select
      className={form.stage === 'grow' ? undefined : 'wide-field'}
      label="Model to start from"
      placeholder={names.length === 0 ? 'No model is here yet' : 'Choose a model'}
      searchable
      allowDeselect={false}
      value={fresh ? NEW + form.shape : form.model || null}
      onChange={(value) =>
        value?.startsWith(NEW)
          ? change({ model: '', shape: value.slice(NEW.length) as Shape, adapter: 'none' })
          : change({ model: value ?? '' })
      }
      data={[
        { group: 'Models here', items: names },
        ...(shapes.length
          ? [
              {
                group: 'From nothing',
                items: shapes.map((shape) => ({ value: NEW + shape, label: SHAPE_WORDS[shape] })),
              },
            ]
          : []),
      ]}
      data-testid="form-model"
    />
  );
}

function Training({ form, change, names }: { form: RecipeForm; change: Change; names: string[] }) {
  const grpo = isRewarded(form);
  return (
    <>
      <ModelSelect form={form} change={change} names={names} />
      {form.stage === 'reinforce' && (
        <Select
          className="wide-field"
          label="Learns from"
          allowDeselect={false}
          value={form.method}
          onChange={(value) => {
            const method = (value ?? 'grpo') as RecipeForm['method'];
            const format = usualFormat('reinforce', method);
            change({ method, data: form.data.map((item) => ({ ...item, format })) });
          }}
          data={[
            { value: 'grpo', label: 'Rewards on its own answers (GRPO)' },
            { value: 'dpo', label: 'Pairs of answers (DPO)' },
            { value: 'ipo', label: 'Pairs, with a bounded margin (IPO)' },
          ]}
        />
      )}
      {grpo && <Reward form={form} change={change} names={names} />}
      <Data form={form} change={change} />
      <div className="wide-field">
        <Input.Label component="span" id="length-label">
          How long
        </Input.Label>
        <div style={{ display: 'flex', gap: 10, flexWrap: 'wrap' }}>
          {!grpo && (
            <SegmentedControl
              aria-labelledby="length-label"
              value={form.length}
              onChange={(value) => change({ length: value as RecipeForm['length'] })}
              data={[
                { value: 'steps', label: 'Steps' },
                { value: 'epochs', label: 'Passes over the data' },
              ]}
            />
          )}
          <TextInput
            w={110}
            aria-label={form.length === 'steps' || grpo ? 'Steps' : 'Passes over the data'}
            inputMode="decimal"
            value={form.length === 'steps' || grpo ? form.steps : form.epochs}
            onChange={(event) =>
              change(
                form.length === 'steps' || grpo
                  ? { steps: event.currentTarget.value }
                  : { epochs: event.currentTarget.value },
              )
            }
            data-testid="form-length"
          />
        </div>
      </div>
      <Select
        label="Adapter"
        allowDeselect={false}
        disabled={form.model === ''}
        value={form.adapter}
        onChange={(value) => change({ adapter: (value ?? 'none') as RecipeForm['adapter'] })}
        data={[
          { value: 'none', label: 'None: all weights are trained' },
          { value: 'lora', label: 'LoRA' },
          { value: 'dora', label: 'DoRA' },
        ]}
      />
      {form.adapter !== 'none' && (
        <TextInput
          label="Rank"
          placeholder="16"
          inputMode="numeric"
          value={form.rank}
          onChange={(event) => change({ rank: event.currentTarget.value })}
        />
      )}
      <Select
        label="Precision"
        placeholder="fp32"
        clearable
        value={form.precision || null}
        onChange={(value) => change({ precision: value ?? '' })}
        data={[...PRECISIONS]}
      />
      <Select
        label="Optimizer"
        placeholder="adamw"
        clearable
        value={form.optimizer || null}
        onChange={(value) => change({ optimizer: value ?? '' })}
        data={OPTIMIZERS}
      />
      <TextInput
        label="Learning rate"
        placeholder="as the stage needs"
        inputMode="decimal"
        value={form.learningRate}
        onChange={(event) => change({ learningRate: event.currentTarget.value })}
      />
      <TextInput
        label="Longest example, tokens"
        placeholder="512"
        inputMode="numeric"
        value={form.sequence}
        onChange={(event) => change({ sequence: event.currentTarget.value })}
      />
      {form.stage !== 'reinforce' && (
        <TextInput
          label="Tokens of a step"
          placeholder="16384"
          inputMode="numeric"
          value={form.batchTokens}
          onChange={(event) => change({ batchTokens: event.currentTarget.value })}
        />
      )}
      <Textarea
        className="wide-field"
        label="Prompts to answer on the way"
        description="One a line. What the model answers as it learns is shown with the job."
        autosize
        minRows={2}
        maxRows={6}
        value={form.prompts}
        onChange={(event) => change({ prompts: event.currentTarget.value })}
      />
    </>
  );
}

/** Any of the kinds that there are; one that another model gives needs to know which. */
function Reward({ form, change, names }: { form: RecipeForm; change: Change; names: string[] }) {
  const kinds = useQuery({ queryKey: ['rewards'], queryFn: api.rewards }).data ?? [];
  const judged = (name: string) => kinds.find((kind) => kind.name === name)?.keys.includes('model') ?? false;
  return (
    <>
      <Select
        className="wide-field"
        label="Reward"
        allowDeselect={false}
        value={form.reward}
        onChange={(value) =>
          change({ reward: value ?? form.reward, judge: judged(value ?? '') ? form.judge : '' })
        }
        data={kinds.map(({ name, about }) => ({ value: name, label: `${name}: ${about}` }))}
        data-testid="form-reward"
      />
      {judged(form.reward) && (
        <Select
          className="wide-field"
          label="Model that judges"
          placeholder="Choose a model"
          searchable
          value={form.judge || null}
          onChange={(value) => change({ judge: value ?? '' })}
          data={names}
          data-testid="form-judge"
        />
      )}
    </>
  );
}

/** Why a dataset cannot be chosen, in a word. */
function usable(dataset: Dataset): boolean {
  return dataset.objection === null;
}

function Data({ form, change }: { form: RecipeForm; change: Change }) {
  const datasets = useQuery({ queryKey: ['datasets'], queryFn: api.datasets });
  const list = datasets.data ?? [];
  const options = list
    .filter(usable)
    .map((item) => ({ value: item.name, label: `${item.name} · version ${item.version}` }));
  const blocked = list.length - options.length;
  const formats = formatsOf(form);

  function choose(index: number, name: string | null) {
    const known = list.find((item) => item.name === name)?.format;
    change({
      data: form.data.map((item, at) =>
        at === index
          ? {
              ...item,
              dataset: name ?? '',
              format: known && formats.includes(known) ? known : item.format,
            }
          : item,
      ),
    });
  }

  return (
    <div className="wide-field">
      <Input.Label component="span">Data</Input.Label>
      {form.data.map((item, index) => (
        <div key={index} className="data-row">
          <Select
            aria-label={`Dataset ${index + 1}`}
            placeholder={options.length === 0 ? 'No dataset can be used yet' : 'Choose a dataset'}
            searchable
            value={item.dataset || null}
            onChange={(value) => choose(index, value)}
            data={options}
            data-testid="form-dataset"
          />
          <Select
            aria-label={`Format of dataset ${index + 1}`}
            allowDeselect={false}
            value={item.format}
            onChange={(value) =>
              change({
                data: form.data.map((other, at) =>
                  at === index ? { ...other, format: (value ?? 'text') as DataFormat } : other,
                ),
              })
            }
            data={formats}
          />
          {form.data.length > 1 && (
            <>
              <TextInput
                aria-label={`Weight of dataset ${index + 1}`}
                placeholder="weight 1"
                inputMode="decimal"
                value={item.weight}
                onChange={(event) =>
                  change({
                    data: form.data.map((other, at) =>
                      at === index ? { ...other, weight: event.currentTarget.value } : other,
                    ),
                  })
                }
              />
              <ActionIcon
                size="lg"
                aria-label={`Leave out dataset ${index + 1}`}
                onClick={() => change({ data: form.data.filter((_, at) => at !== index) })}
              >
                <IconTrash size={16} aria-hidden />
              </ActionIcon>
            </>
          )}
        </div>
      ))}
      <div style={{ display: 'flex', gap: 12, alignItems: 'center', flexWrap: 'wrap' }}>
        <Button
          size="compact-xs"
          variant="default"
          leftSection={<IconPlus size={13} aria-hidden />}
          onClick={() =>
            change({
              data: [...form.data, { dataset: '', format: usualFormat(form.stage, form.method), weight: '' }],
            })
          }
        >
          Another dataset
        </Button>
        {blocked > 0 && (
          <span className="muted small">
            {blocked} more cannot be used as they are:{' '}
            <Link className="link" to="/datasets">
              see Datasets
            </Link>
          </span>
        )}
      </div>
      <Select
        mt={10}
        label={`Held-out data, whose ${isRewarded(form) ? 'reward' : 'loss'} is measured`}
        placeholder="None"
        clearable
        searchable
        value={form.evaluation || null}
        onChange={(value) => change({ evaluation: value ?? '' })}
        data={options}
      />
      {form.evaluation !== '' && form.data.some((item) => item.dataset === form.evaluation) && (
        <div
          className="small warn-text"
          style={{ marginTop: 4 }}
          role="status"
          data-testid="evaluation-trained-on"
        >
          It is trained on this too: the figures will tell how well it remembers, not how well it does on what
          it has not seen.
        </div>
      )}
    </div>
  );
}

function Fusion({ form, change, names }: { form: RecipeForm; change: Change; names: string[] }) {
  return (
    <>
      <Select
        label="Method"
        allowDeselect={false}
        value={form.fusion}
        onChange={(value) => change({ fusion: (value ?? 'ties') as RecipeForm['fusion'] })}
        data={[
          { value: 'ties', label: 'TIES: signs are elected' },
          { value: 'task_arithmetic', label: 'Task arithmetic' },
          { value: 'linear', label: 'Linear: weighted mean' },
        ]}
      />
      {form.fusion !== 'linear' && (
        <Select
          label="Model the others were trained from"
          placeholder="Choose a model"
          searchable
          value={form.base || null}
          onChange={(value) => change({ base: value ?? '' })}
          data={names}
        />
      )}
      <div className="wide-field">
        <Input.Label component="span">Models to fuse</Input.Label>
        {form.sources.map((item, index) => (
          <div key={index} className="data-row">
            <Select
              aria-label={`Model ${index + 1}`}
              placeholder="Choose a model"
              searchable
              value={item.model || null}
              onChange={(value) =>
                change({
                  sources: form.sources.map((other, at) =>
                    at === index ? { ...other, model: value ?? '' } : other,
                  ),
                })
              }
              data={names}
            />
            <TextInput
              aria-label={`Weight of model ${index + 1}`}
              placeholder="weight 1"
              inputMode="decimal"
              value={item.weight}
              onChange={(event) =>
                change({
                  sources: form.sources.map((other, at) =>
                    at === index ? { ...other, weight: event.currentTarget.value } : other,
                  ),
                })
              }
            />
            {form.sources.length > 2 && (
              <ActionIcon
                size="lg"
                aria-label={`Leave out model ${index + 1}`}
                onClick={() => change({ sources: form.sources.filter((_, at) => at !== index) })}
              >
                <IconTrash size={16} aria-hidden />
              </ActionIcon>
            )}
          </div>
        ))}
        <Button
          size="compact-xs"
          variant="default"
          leftSection={<IconPlus size={13} aria-hidden />}
          onClick={() => change({ sources: [...form.sources, { model: '', weight: '' }] })}
        >
          Another model
        </Button>
      </div>
    </>
  );
}
