import { Alert, Button, Checkbox, FileInput, Group, Progress, Stack } from '@mantine/core';
import { IconUpload } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useEffect, useRef, useState } from 'react';
import { asProblem } from '../api/api';
import type { Uploaded } from '../api/types';
import { formatBytes } from '../common/format';
import { ProblemAlert } from '../common/ui';
import { datasetFile, upload } from './upload';

/** Puts a file into the tenant's folder of datasets; what it is, is asked next. */
export function UploadForm({ done, close }: { done: (uploaded: Uploaded) => void; close: () => void }) {
  const [file, setFile] = useState<File | null>(null);
  const [replace, setReplace] = useState(false);
  const [share, setShare] = useState(0);
  const running = useRef<AbortController | null>(null);
  useEffect(() => () => running.current?.abort(), []);
  const name = file ? datasetFile(file.name) : null;
  const send = useMutation({
    mutationFn: async () => {
      const controller = new AbortController();
      running.current = controller;
      setShare(0);
      return upload(file as File, name as string, replace, setShare, controller.signal);
    },
    onSuccess: done,
  });
  const exists = send.error && asProblem(send.error).code === 'DATASET_EXISTS';
  return (
    <form
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        if (name) send.mutate();
      }}
    >
      <Stack gap="sm">
        <ProblemAlert error={send.error} />
        <FileInput
          label="File"
          description=".jsonl, .parquet, .txt or .md; a folder of many files is put into the datasets folder by hand"
          placeholder="Choose a file"
          accept=".jsonl,.parquet,.txt,.md"
          leftSection={<IconUpload size={16} aria-hidden />}
          value={file}
          onChange={(next) => {
            setFile(next);
            send.reset();
          }}
          disabled={send.isPending}
          error={file && !name ? 'Files of this kind are no datasets.' : undefined}
          data-testid="upload-file"
        />
        {file && name && (
          <div className="muted small" style={{ overflowWrap: 'anywhere' }}>
            {formatBytes(file.size)}, kept as <span className="mono">{name}</span>
          </div>
        )}
        {(exists || replace) && (
          <Checkbox
            label="Replace the file that is there; its registered versions are kept"
            checked={replace}
            onChange={(event) => setReplace(event.currentTarget.checked)}
            data-testid="upload-replace"
          />
        )}
        {send.isPending && (
          <div role="status">
            <Progress value={share * 100} animated aria-label={`${Math.floor(share * 100)} percent sent`} />
            <span className="muted small">
              {share < 1 ? `${formatBytes(share * (file?.size ?? 0))} sent` : 'Being checked'}
            </span>
          </div>
        )}
        <Alert color="gray" variant="light">
          An upload alone can be used by nobody: it is registered in the next step.
        </Alert>
        <Group justify="flex-end">
          <Button
            variant="default"
            onClick={() => {
              if (send.isPending) running.current?.abort();
              else close();
            }}
          >
            {send.isPending ? 'Stop' : 'Cancel'}
          </Button>
          <Button type="submit" loading={send.isPending} disabled={!name} data-testid="upload-send">
            Upload
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
