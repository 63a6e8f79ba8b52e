import { IconMessage2 } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { api } from '../api/api';
import type { Job, Sample } from '../api/types';
import { formatCount, formatDateTime } from '../common/format';
import { Empty, Load } from '../common/ui';
import { isOver } from './jobs';
import { useLastFetch } from './useLastFetch';

/** What the model answered on the way: by prompt, the newest answer first. */
export function JobSamples({ job }: { job: Job }) {
  const samples = useQuery({
    queryKey: ['samples', job.id],
    queryFn: () => api.jobSamples(job.id),
    refetchInterval: isOver(job) ? false : 5000,
  });
  useLastFetch(isOver(job), samples.refetch);
  return (
    <Load query={samples}>
      {(list) =>
        list.length === 0 ? (
          <Empty icon={<IconMessage2 size={26} aria-hidden />} title="No samples">
            A recipe with prompts under <span className="mono">samples</span> shows here what the model
            answers as it learns.
          </Empty>
        ) : (
          <div className="samples">
            {byPrompt(list).map(([prompt, answers]) => (
              <section key={prompt} data-testid="sample">
                <h3>{prompt}</h3>
                <ol>
                  {answers.map((item) => (
                    <li key={item.step}>
                      <span className="muted small" title={formatDateTime(item.at)}>
                        step {formatCount(item.step)}
                      </span>
                      <p>{item.answer.trim() === '' ? <Blank text={item.answer} /> : item.answer}</p>
                    </li>
                  ))}
                </ol>
              </section>
            ))}
          </div>
        )
      }
    </Load>
  );
}

function Blank({ text }: { text: string }) {
  return <em className="muted">{text === '' ? '(nothing)' : '(nothing but blank lines)'}</em>;
}

export function byPrompt(samples: Sample[]): [string, Sample[]][] {
  const prompts = new Map<string, Sample[]>();
  for (const sample of samples) {
    const known = prompts.get(sample.prompt);
    if (known) known.push(sample);
    else prompts.set(sample.prompt, [sample]);
  }
  return [...prompts];
}
