import { Button, Group, Modal, Stack, Textarea } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { ProblemAlert } from '../common/ui';

/** Moving production needs a reason: it stays in the alias's history and in the audit trail. */
export function ReasonDialog({
  opened,
  close,
  title,
  action,
  testId,
  run,
  children,
}: {
  opened: boolean;
  close: () => void;
  title: string;
  action: string;
  testId: string;
  run: (reason: string) => Promise<unknown>;
  children: ReactNode;
}) {
  const client = useQueryClient();
  const [reason, setReason] = useState('');
  const move = useMutation({
    mutationFn: () => run(reason.trim()),
    onSuccess: async () => {
      // Closed first: what the dialog says is about the state before.
      close();
      setReason('');
      notifications.show({ message: 'Production moved', color: 'teal' });
      await Promise.all(
        ['models', 'model', 'production'].map((key) => client.invalidateQueries({ queryKey: [key] })),
      );
    },
  });
  return (
    <Modal opened={opened} onClose={close} title={title}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (reason.trim()) move.mutate();
        }}
      >
        <Stack>
          <ProblemAlert error={move.error} fields={['reason']} />
          <div>{children}</div>
          <Textarea
            label="Reason"
            placeholder="What was evaluated, and who decided"
            required
            withAsterisk={false}
            autosize
            minRows={2}
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
            data-autofocus
            data-testid={`${testId}-reason`}
          />
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              Cancel
            </Button>
            <Button
              type="submit"
              loading={move.isPending}
              disabled={!reason.trim()}
              data-testid={`${testId}-confirm`}
            >
              {action}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
