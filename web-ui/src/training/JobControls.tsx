import { ActionIcon, Button, Group, Modal, Stack, Tooltip } from '@mantine/core';
import { IconPlayerPauseFilled, IconPlayerPlayFilled, IconPlayerStopFilled } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../api/api';
import type { Job, JobDetail } from '../api/types';
import { ProblemAlert } from '../common/ui';
import { type Wish, wishes } from './jobs';

const WORDS = {
  pause: {
    label: 'Pause',
    Icon: IconPlayerPauseFilled,
    tip: 'Writes a checkpoint and rests until it is resumed',
  },
  resume: { label: 'Resume', Icon: IconPlayerPlayFilled, tip: 'Goes on exactly where it stopped' },
  cancel: { label: 'Cancel', Icon: IconPlayerStopFilled, tip: 'Ends the job for good' },
} as const;

/** Pause, resume and cancel, as far as they can be asked for now. Cancelling is asked about: it cannot be undone. */
export function JobControls({
  job,
  small = false,
  disabled = false,
}: {
  job: Job;
  small?: boolean;
  disabled?: boolean;
}) {
  const client = useQueryClient();
  const [asking, setAsking] = useState(false);
  const ask = useMutation({
    mutationFn: (wish: Wish) => api.askJob(job.id, wish),
    onSuccess: (now) => {
      setAsking(false);
      client.setQueryData<JobDetail>(['job', job.id], (known) => (known ? { ...known, ...now } : known));
      client.setQueryData<Job[]>(['jobs'], (known) =>
        known?.map((item) => (item.id === now.id ? { ...item, ...now } : item)),
      );
    },
    onSettled: () => {
      void client.invalidateQueries({ queryKey: ['job', job.id] });
      void client.invalidateQueries({ queryKey: ['jobs'] });
    },
  });
  const possible = wishes(job);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: keeps clicks from opening the row around it
    // biome-ignore lint/a11y/useKeyWithClickEvents: its buttons take the keys
    <span className="job-controls" onClick={(event) => event.stopPropagation()}>
      {possible.map((wish) => {
        const { label, Icon, tip } = WORDS[wish];
        const act = () => (wish === 'cancel' ? setAsking(true) : ask.mutate(wish));
        return (
          <Tooltip key={wish} label={tip}>
            {small ? (
              <ActionIcon
                onClick={act}
                disabled={disabled}
                loading={ask.isPending && ask.variables === wish}
                aria-label={`${label} ${job.name}`}
                data-testid={`job-${wish}`}
              >
                <Icon size={16} aria-hidden />
              </ActionIcon>
            ) : (
              <Button
                variant="default"
                leftSection={<Icon size={15} aria-hidden />}
                onClick={act}
                disabled={disabled}
                loading={ask.isPending && ask.variables === wish}
                data-testid={`job-${wish}`}
              >
                {label}
              </Button>
            )}
          </Tooltip>
        );
      })}
      <Modal opened={asking} onClose={() => setAsking(false)} title="Cancel this job?">
        <Stack>
          <ProblemAlert error={ask.error} />
          <div style={{ overflowWrap: 'anywhere' }}>
            <strong>{job.name}</strong> ends after its present step and makes no model. This cannot be undone;
            a paused job can be resumed.
          </div>
          <Group justify="flex-end">
            <Button variant="default" onClick={() => setAsking(false)}>
              Keep it
            </Button>
            <Button
              color="red"
              loading={ask.isPending}
              disabled={disabled}
              onClick={() => ask.mutate('cancel')}
              data-testid="job-cancel-confirm"
            >
              Cancel the job
            </Button>
          </Group>
        </Stack>
      </Modal>
      {!asking && ask.error && (
        <Modal opened onClose={() => ask.reset()} title="That was not possible">
          <ProblemAlert error={ask.error} />
        </Modal>
      )}
    </span>
  );
}
