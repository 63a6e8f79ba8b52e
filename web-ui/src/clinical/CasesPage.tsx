import { Button, Table, TextInput } from '@mantine/core';
import { IconPlus, IconSearch, IconStethoscope } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useNavigate } from 'react-router';
import { api } from '../api/api';
import type { CaseSummary } from '../api/types';
import { formatDateTime } from '../common/format';
import { Empty, Load, PageHead, Panel, useTitle } from '../common/ui';
import { fold } from './search';

export default function CasesPage() {
  useTitle('Cases');
  const cases = useQuery({ queryKey: ['cases'], queryFn: api.cases });
  const [text, setText] = useState('');
  return (
    <>
      <PageHead
        title="Cases"
        actions={
          <Button
            component={Link}
            to="/cases/new"
            leftSection={<IconPlus size={16} aria-hidden />}
            data-testid="case-new"
          >
            New case
          </Button>
        }
      >
        Structured presentations, assessed against the knowledge base and explained by the model in
        production.
      </PageHead>
      <Panel padded={false}>
        <Load query={cases}>
          {(list) =>
            list.length === 0 ? (
              <Empty icon={<IconStethoscope size={26} aria-hidden />} title="No cases yet">
                <p>Enter age, sex, complaint and findings; the assessment takes a moment.</p>
                <Button component={Link} to="/cases/new" size="xs">
                  New case
                </Button>
              </Empty>
            ) : (
              <>
                <div style={{ padding: '10px 12px', borderBottom: '1px solid var(--line)' }}>
                  <TextInput
                    w={340}
                    size="sm"
                    placeholder="Title or complaint  ( / )"
                    aria-label="Filter cases"
                    leftSection={<IconSearch size={16} aria-hidden />}
                    value={text}
                    onChange={(event) => setText(event.currentTarget.value)}
                    data-search
                    data-testid="case-filter"
                  />
                </div>
                <CaseTable cases={filter(list, text)} />
              </>
            )
          }
        </Load>
      </Panel>
    </>
  );
}

function filter(cases: CaseSummary[], text: string): CaseSummary[] {
  const words = fold(text).split(' ').filter(Boolean);
  return cases.filter((item) => {
    const content = fold(`${item.title ?? ''} ${item.complaint}`);
    return words.every((word) => content.includes(word));
  });
}

/** A case without a title of its own goes by its complaint, which need not be said twice. */
function titled(item: CaseSummary): boolean {
  return Boolean(item.title) && item.title !== item.complaint;
}

function CaseTable({ cases }: { cases: CaseSummary[] }) {
  const navigate = useNavigate();
  if (cases.length === 0) return <Empty title="No case matches" />;
  return (
    <Table className="table cards">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Case</Table.Th>
          <Table.Th>Complaint</Table.Th>
          <Table.Th>Patient</Table.Th>
          <Table.Th className="num">Assessments</Table.Th>
          <Table.Th>Created</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {cases.map((item) => (
          <Table.Tr
            key={item.id}
            data-open
            data-testid="case-row"
            onClick={() => navigate(`/cases/${encodeURIComponent(item.id)}`)}
          >
            <Table.Td
              maw={titled(item) ? 300 : 760}
              colSpan={titled(item) ? 1 : 2}
              className="truncate card-title"
              title={item.title ?? ''}
            >
              <Link
                className="link"
                to={`/cases/${encodeURIComponent(item.id)}`}
                onClick={(event) => event.stopPropagation()}
              >
                {item.title || item.complaint}
              </Link>
            </Table.Td>
            {titled(item) && (
              <Table.Td maw={460} className="truncate" title={item.complaint} data-label="Complaint">
                {item.complaint}
              </Table.Td>
            )}
            <Table.Td style={{ whiteSpace: 'nowrap' }} data-label="Patient">
              {`${item.age} y, ${item.sex}`}
            </Table.Td>
            <Table.Td className="num" data-label="Assessments">
              {item.assessments}
            </Table.Td>
            <Table.Td style={{ whiteSpace: 'nowrap' }} data-label="Created">
              {formatDateTime(item.createdAt)}
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
