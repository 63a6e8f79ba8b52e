import { Input, NumberInput, SegmentedControl, TextInput } from '@mantine/core';
import { Panel } from '../common/ui';

export interface Presentation {
  title: string;
  /** Null while none or no number is entered. */
  age: number | null;
  /** Empty while none is chosen. */
  sex: string;
  complaint: string;
}

export const NO_PRESENTATION: Presentation = { title: '', age: null, sex: '', complaint: '' };

/** What is needed and not there yet, or not possible; by field. */
export function presentationErrors({ age, sex, complaint }: Presentation) {
  return {
    age: age === null ? 'Needed' : age < 18 || age > 120 ? '18–120, adults only' : undefined,
    sex: sex === '' ? 'Needed' : undefined,
    complaint: complaint.trim() === '' ? 'Needed' : undefined,
  };
}

/** Who comes, and with what. */
export function PresentationPanel({
  presentation,
  change,
  error,
}: {
  presentation: Presentation;
  change: (part: Partial<Presentation>) => void;
  error: (field: keyof Presentation) => string | undefined;
}) {
  return (
    <Panel title="Presentation">
      <div className="presentation">
        <NumberInput
          label="Age"
          required
          withAsterisk={false}
          suffix=" y"
          min={18}
          max={120}
          clampBehavior="none"
          allowDecimal={false}
          allowNegative={false}
          hideControls
          autoFocus
          value={presentation.age ?? ''}
          onChange={(value) => change({ age: typeof value === 'number' ? value : null })}
          error={error('age')}
          data-testid="case-age"
        />
        <Input.Wrapper label="Sex" labelElement="div" labelProps={{ id: 'sex-label' }} error={error('sex')}>
          <SegmentedControl
            fullWidth
            aria-labelledby="sex-label"
            value={presentation.sex}
            onChange={(sex) => change({ sex })}
            data={[
              { value: 'female', label: 'Female' },
              { value: 'male', label: 'Male' },
            ]}
            data-testid="case-sex"
          />
        </Input.Wrapper>
        <TextInput
          label="Title"
          placeholder="Optional, no name or number of the patient"
          maxLength={120}
          value={presentation.title}
          onChange={(event) => change({ title: event.currentTarget.value })}
          error={error('title')}
          data-testid="case-title"
        />
      </div>
      <TextInput
        mt="sm"
        label="Complaint"
        required
        withAsterisk={false}
        placeholder="In the patient's words: sudden pain on breathing in since this morning"
        maxLength={300}
        value={presentation.complaint}
        onChange={(event) => change({ complaint: event.currentTarget.value })}
        error={error('complaint')}
        data-testid="case-complaint"
      />
    </Panel>
  );
}
