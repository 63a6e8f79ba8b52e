import { Button } from '@mantine/core';
import { IconArrowBackUp } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'react-router';
import { api, asProblem } from '../api/api';
import { formatDateTime } from '../common/format';
import { Empty, Hash, Load, Panel } from '../common/ui';
import { useSession } from '../session';
import { ReasonDialog } from './ReasonDialog';
import { rollbackTarget } from './rollbackTarget';

/** What is in production, and how it came to be: the alias's own history, newest first. */
export function ProductionPanel() {
  const { has } = useSession();
  const alias = useQuery({
    queryKey: ['production'],
    // Nothing promoted yet is a state, not a failure.
    queryFn: () =>
      api.production().catch((error) => {
        if (asProblem(error).status === 404) return { model: null, events: [] };
        throw error;
      }),
  });
  const [asking, setAsking] = useState(false);
  return (
    <Panel
      title="In production"
      testId="production"
      aside={
        has('admin') &&
        rollbackTarget(alias.data?.events ?? []) && (
          <Button
            size="compact-sm"
            variant="default"
            leftSection={<IconArrowBackUp size={14} aria-hidden />}
            onClick={() => setAsking(true)}
            data-testid="model-rollback"
          >
            Roll back
          </Button>
        )
      }
    >
      <Load query={alias} rows={4}>
        {({ model, events }) => {
          const history = [...events].sort((a, b) => b.sequence - a.sequence);
          const previous = rollbackTarget(events);
          return (
            <>
              {model ? (
                <div style={{ marginBottom: 14 }} data-testid="production-model">
                  <Link
                    className="link"
                    to={`/models/${encodeURIComponent(model.id)}`}
                    style={{ fontWeight: 600 }}
                  >
                    {model.name} {model.version}
                  </Link>
                  <div>
                    <Hash value={model.sha256} length={16} />
                  </div>
                </div>
              ) : (
                <Empty title="Nothing in production">Promote a model from its page.</Empty>
              )}
              {history.length > 0 && (
                <ol className="timeline" data-testid="alias-history">
                  {history.map((event) => (
                    <li key={event.sequence} data-testid="alias-event">
                      <div>
                        {event.from && (
                          <span className="muted">
                            {event.from.name} {event.from.version} →{' '}
                          </span>
                        )}
                        <strong style={{ fontWeight: 550 }}>
                          {event.to.name} {event.to.version}
                        </strong>
                      </div>
                      {event.reason && <div>{event.reason}</div>}
                      <div className="muted small">
                        {event.actor}, {formatDateTime(event.at)}
                      </div>
                    </li>
                  ))}
                </ol>
              )}
              <ReasonDialog
                opened={asking}
                close={() => setAsking(false)}
                title="Roll back production"
                action="Roll back"
                testId="rollback"
                run={(reason) => api.rollback(reason)}
              >
                {previous && model ? (
                  <>
                    Production goes from <strong>{`${model.name} ${model.version}`}</strong> back to{' '}
                    <strong>{`${previous.name} ${previous.version}`}</strong>.
                  </>
                ) : (
                  'Production goes back to what it was before the last change.'
                )}
              </ReasonDialog>
            </>
          );
        }}
      </Load>
    </Panel>
  );
}
