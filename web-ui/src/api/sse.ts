/**
 * Server-sent events read from a fetch body, because EventSource can neither POST nor send headers.
 * Follows the WHATWG parsing rules: exactly one space after the colon is dropped, lines end in LF, CR or CRLF,
 * an event ends at an empty line, and any of these may be cut anywhere by the network.
 */
export interface SseMessage {
  event: string;
  data: string;
  id: string | null;
}

export class SseParser {
  private buffer = '';
  private data: string[] = [];
  private event = '';
  private id: string | null = null;
  private started = false;

  push(chunk: string): SseMessage[] {
    this.buffer += chunk;
    if (!this.started && this.buffer.length > 0) {
      this.started = true;
      if (this.buffer.startsWith('\uFEFF')) this.buffer = this.buffer.slice(1);
    }
    const messages: SseMessage[] = [];
    for (;;) {
      const end = this.buffer.search(/[\r\n]/);
      if (end < 0) return messages;
      const carriageReturn = this.buffer[end] === '\r';
      // A CR at the very end may be the first half of a CRLF: wait for the next chunk.
      if (carriageReturn && end === this.buffer.length - 1) return messages;
      const line = this.buffer.slice(0, end);
      this.buffer = this.buffer.slice(end + (carriageReturn && this.buffer[end + 1] === '\n' ? 2 : 1));
      const message = this.line(line);
      if (message) messages.push(message);
    }
  }

  /** The stream ended. A last event without its empty line is still given out: servers forget it. */
  end(): SseMessage[] {
    const rest = this.buffer.replace(/\r$/, '');
    this.buffer = '';
    const messages: SseMessage[] = [];
    for (const line of rest === '' ? [''] : [rest, '']) {
      const message = this.line(line);
      if (message) messages.push(message);
    }
    return messages;
  }

  private line(line: string): SseMessage | null {
    if (line === '') {
      const message =
        this.data.length > 0
          ? { event: this.event || 'message', data: this.data.join('\n'), id: this.id }
          : null;
      this.data = [];
      this.event = '';
      return message;
    }
    const colon = line.indexOf(':');
    if (colon === 0) return null;
    const field = colon < 0 ? line : line.slice(0, colon);
    let value = colon < 0 ? '' : line.slice(colon + 1);
    if (value.startsWith(' ')) value = value.slice(1);
    if (field === 'data') this.data.push(value);
    else if (field === 'event') this.event = value;
    else if (field === 'id') this.id = value;
    return null;
  }
}

/** The JSON payloads of an event stream, in order, until it ends or the signal aborts. */
export async function* readEvents<T>(body: ReadableStream<Uint8Array>): AsyncGenerator<T> {
  const parser = new SseParser();
  const decoder = new TextDecoder();
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      const messages = done
        ? [...parser.push(decoder.decode()), ...parser.end()]
        : parser.push(decoder.decode(value, { stream: true }));
      for (const message of messages) {
        if (message.data !== '') yield JSON.parse(message.data) as T;
      }
      if (done) return;
    }
  } finally {
    // Leaving the loop early (Stop, page left) closes the connection.
    await reader.cancel().catch(() => undefined);
  }
}
