import { Button, Group, Modal, Stack, Textarea } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../api/api';
import type { Assessment } from '../api/types';
import { ProblemAlert } from '../common/ui';

export function SignDialog({
  assessment,
  opened,
  close,
}: {
  assessment: Assessment;
  opened: boolean;
  close: () => void;
}) {
  const client = useQueryClient();
  const [note, setNote] = useState('');
  const sign = useMutation({
    mutationFn: () => api.sign(assessment.id, note.trim()),
    onSuccess: (signed) => {
      client.setQueryData(['assessment', assessment.id], signed);
      void client.invalidateQueries({ queryKey: ['case', assessment.caseId] });
      close();
    },
  });
  return (
    <Modal opened={opened} onClose={close} title="Sign this assessment">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          sign.mutate();
        }}
      >
        <Stack>
          <ProblemAlert error={sign.error} />
          <div className="muted">
            You sign that you have read it, with your judgement in the note. It can be read afterwards, not
            changed.
          </div>
          <Textarea
            label="Note"
            placeholder="Your conclusion, and where you differ"
            autosize
            minRows={3}
            value={note}
            onChange={(event) => setNote(event.currentTarget.value)}
            data-autofocus
            data-testid="sign-note"
          />
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              Cancel
            </Button>
            <Button type="submit" loading={sign.isPending} data-testid="sign-confirm">
              Sign
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
