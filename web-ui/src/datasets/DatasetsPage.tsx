import { Badge, Button, Modal, Table, Tooltip } from '@mantine/core';
import { IconChevronDown, IconChevronRight, IconDatabase, IconUpload } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Fragment, useEffect, useState } from 'react';
import { useSearchParams } from 'react-router';
import { api } from '../api/api';
import type { Dataset } from '../api/types';
import { formatBytes, formatCount } from '../common/format';
import { Empty, Load, PageHead, Panel, useTitle } from '../common/ui';
import { canRegister, placeOf } from './facts';
import { RegisterForm } from './RegisterForm';
import { UploadForm } from './UploadForm';
import { Versions } from './Versions';

export default function DatasetsPage() {
  useTitle('Datasets');
  const client = useQueryClient();
  const [search, setSearch] = useSearchParams();
  const opened = search.get('name');
  const datasets = useQuery({ queryKey: ['datasets'], queryFn: api.datasets });
  const [registering, setRegistering] = useState<string | null>(null);
  const [uploading, setUploading] = useState(false);
  const chosen = datasets.data?.find((item) => item.name === registering);
  const found = datasets.data !== undefined;
  useEffect(() => {
    if (!found || !opened) return;
    document.getElementById(`dataset-${opened}`)?.scrollIntoView({ block: 'nearest' });
  }, [found, opened]);

  const toggle = (name: string) => setSearch(opened === name ? {} : { name }, { replace: true });

  return (
    <>
      <PageHead
        title="Datasets"
        actions={
          <Button
            leftSection={<IconUpload size={16} aria-hidden />}
            onClick={() => setUploading(true)}
            data-testid="dataset-upload"
          >
            Upload a file
          </Button>
        }
      >
        What models may be trained on. Each version is a content, with its licence and the basis of its use.
      </PageHead>
      <Panel padded={false}>
        <Load query={datasets}>
          {(list) =>
            list.length === 0 ? (
              <Empty icon={<IconDatabase size={26} aria-hidden />} title="No datasets yet">
                Upload a file, or put files into the folder <span className="mono">datasets</span> of the
                platform's data.
              </Empty>
            ) : (
              <Table className="table cards">
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th>Dataset</Table.Th>
                    <Table.Th>State</Table.Th>
                    <Table.Th>Format</Table.Th>
                    <Table.Th className="num">Records</Table.Th>
                    <Table.Th className="num">Size</Table.Th>
                    <Table.Th aria-label="Register" />
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {list.map((dataset) => (
                    <Fragment key={dataset.name}>
                      <Row
                        dataset={dataset}
                        open={opened === dataset.name}
                        toggle={() => toggle(dataset.name)}
                        register={() => setRegistering(dataset.name)}
                      />
                      {opened === dataset.name && (
                        <Table.Tr className="detail-row">
                          <Table.Td colSpan={6}>
                            <Versions dataset={dataset} />
                          </Table.Td>
                        </Table.Tr>
                      )}
                    </Fragment>
                  ))}
                </Table.Tbody>
              </Table>
            )
          }
        </Load>
      </Panel>
      <Modal
        opened={chosen !== undefined}
        onClose={() => setRegistering(null)}
        title={`Register ${chosen?.name ?? ''}`}
        size="lg"
        closeOnClickOutside={false}
      >
        {chosen && <RegisterForm dataset={chosen} close={() => setRegistering(null)} />}
      </Modal>
      <Modal
        opened={uploading}
        onClose={() => setUploading(false)}
        title="Upload a file"
        closeOnClickOutside={false}
      >
        {uploading && (
          <UploadForm
            close={() => setUploading(false)}
            done={async (uploaded) => {
              await client.refetchQueries({ queryKey: ['datasets'] });
              setUploading(false);
              setRegistering(uploaded.name);
            }}
          />
        )}
      </Modal>
    </>
  );
}

function Row({
  dataset,
  open,
  toggle,
  register,
}: {
  dataset: Dataset;
  open: boolean;
  toggle: () => void;
  register: () => void;
}) {
  const place = placeOf(dataset);
  const Chevron = open ? IconChevronDown : IconChevronRight;
  return (
    <Table.Tr id={`dataset-${dataset.name}`} data-testid="dataset-row" data-dataset={dataset.name}>
      <Table.Td className="card-title" maw={520}>
        <button type="button" className="link dataset-name" aria-expanded={open} onClick={toggle}>
          <Chevron size={15} aria-hidden /> <span>{dataset.name}</span>
        </button>
        {dataset.description && <div className="muted small clamp">{dataset.description}</div>}
        {dataset.objection && <div className="small warn-text">{dataset.objection}</div>}
      </Table.Td>
      <Table.Td data-label="State" style={{ whiteSpace: 'nowrap' }}>
        <span>
          <Tooltip label={place.about}>
            <Badge color={place.color} data-testid="dataset-place">
              {place.label}
            </Badge>
          </Tooltip>{' '}
          {dataset.version !== null && <span className="muted small">version {dataset.version}</span>}
        </span>
      </Table.Td>
      <Table.Td data-label="Format" data-empty={dataset.format === null}>
        {dataset.format ?? '–'}
      </Table.Td>
      <Table.Td data-label="Records" data-empty={dataset.records === null} className="num">
        {formatCount(dataset.records)}
      </Table.Td>
      <Table.Td data-label="Size" className="num">
        <span>
          {formatBytes(dataset.bytes)}
          {dataset.files > 1 && <span className="muted small"> in {formatCount(dataset.files)} files</span>}
        </span>
      </Table.Td>
      <Table.Td className="num">
        {canRegister(dataset) && (
          <Button
            size="compact-sm"
            variant={dataset.place === 'registered' ? 'default' : 'filled'}
            onClick={register}
            aria-label={`Register ${dataset.name}`}
            data-testid="dataset-register"
          >
            {dataset.versions.length === 0 ? 'Register' : 'New version'}
          </Button>
        )}
      </Table.Td>
    </Table.Tr>
  );
}
