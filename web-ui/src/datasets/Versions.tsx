import { Badge, Button, Group, Modal, Stack } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../api/api';
import type { Dataset, DatasetVersion } from '../api/types';
import { formatBytes, formatCount, formatDateTime } from '../common/format';
import { Hash, ProblemAlert } from '../common/ui';
import { CONSENT, protection } from './facts';

/** All versions of a dataset, the newest first. */
export function Versions({ dataset }: { dataset: Dataset }) {
  const [retiring, setRetiring] = useState<DatasetVersion | null>(null);
  if (dataset.versions.length === 0) {
    return <div className="muted">No version is registered. Nothing may be trained on it until then.</div>;
  }
  return (
    <div className="versions">
      {dataset.versions.map((version) => (
        <Version key={version.id} version={version} retire={() => setRetiring(version)} />
      ))}
      <Modal
        opened={retiring !== null}
        onClose={() => setRetiring(null)}
        title={`Retire ${retiring?.name ?? ''}, version ${retiring?.version ?? ''}?`}
      >
        {retiring && <RetireForm version={retiring} close={() => setRetiring(null)} />}
      </Modal>
    </div>
  );
}

function Version({ version, retire }: { version: DatasetVersion; retire: () => void }) {
  return (
    <article data-testid="dataset-version" data-version={version.version}>
      <header>
        <strong>
          {version.name}@{version.version}
        </strong>
        {version.retiredAt && <Badge color="gray">Retired</Badge>}
        <Hash value={version.sha256} length={16} />
        {!version.retiredAt && (
          <button
            type="button"
            className="link"
            style={{ color: 'var(--danger)', marginLeft: 'auto' }}
            onClick={retire}
            aria-label={`Retire version ${version.version}`}
            data-testid="dataset-retire"
          >
            Retire
          </button>
        )}
      </header>
      {version.objection && !version.retiredAt && <p className="small warn-text">{version.objection}</p>}
      {version.description && <p className="muted">{version.description}</p>}
      <dl className="facts">
        <dt>Licence</dt>
        <dd>{version.licence}</dd>
        <dt>Basis</dt>
        <dd>
          {CONSENT[version.consentBasis]}
          {version.consentNote && <div className="muted small">{version.consentNote}</div>}
        </dd>
        <dt>Protection</dt>
        <dd>{protection(version).join(', ')}</dd>
        <dt>Content</dt>
        <dd>
          {formatBytes(version.bytes)}
          {version.records !== null && <>, {formatCount(version.records)} records</>}
          {version.format && <> of {version.format}</>}
        </dd>
        <dt>Registered</dt>
        <dd>
          {formatDateTime(version.createdAt)} by {version.createdBy}
        </dd>
        {version.retiredAt && (
          <>
            <dt>Retired</dt>
            <dd>
              {formatDateTime(version.retiredAt)} by {version.retiredBy}
            </dd>
          </>
        )}
      </dl>
    </article>
  );
}

function RetireForm({ version, close }: { version: DatasetVersion; close: () => void }) {
  const client = useQueryClient();
  const retire = useMutation({
    mutationFn: () => api.retireDataset(version.id),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ['datasets'] });
      close();
    },
  });
  return (
    <Stack>
      <ProblemAlert error={retire.error} />
      <div>
        Nothing can be trained on it any more, and the kept copy of its content is removed. Models that were
        trained on it stay, and so does this record of them. This cannot be undone.
      </div>
      <Group justify="flex-end">
        <Button variant="default" onClick={close}>
          Keep it
        </Button>
        <Button
          color="red"
          loading={retire.isPending}
          onClick={() => retire.mutate()}
          data-testid="dataset-retire-confirm"
        >
          Retire
        </Button>
      </Group>
    </Stack>
  );
}
