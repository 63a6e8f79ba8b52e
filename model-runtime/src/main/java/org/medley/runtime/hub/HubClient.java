package org.medley.runtime.hub;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.URI;
import java.net.URLEncoder;
import java.net.UnknownHostException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/** Talks to a hub that serves models the way Hugging Face's does. */
final class HubClient implements AutoCloseable {
    static final String DEFAULT = "https://huggingface.co";

    private static final int MAX_LISTING = 32 << 20;
    private static final int MAX_REDIRECTS = 5;
    private static final ObjectMapper JSON = new ObjectMapper();

    private final URI hub;
    private final String token;
    private final HttpClient http = HttpClient.newBuilder()
            .connectTimeout(Duration.ofSeconds(30))
            .followRedirects(HttpClient.Redirect.NEVER)
            .build();

    /** @param token sent to the hub alone, and only if nobody on the way can read it; may be null */
    HubClient(String address, String token) {
        try {
            this.hub = URI.create(address.replaceFirst("/+$", ""));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("the hub's address '" + address + "' is no URL", e);
        }
        if (hub.getHost() == null || !("https".equals(hub.getScheme()) || "http".equals(hub.getScheme()))) {
            throw new IllegalArgumentException("the hub's address '" + address + "' is no http or https URL");
        }
        this.token = token;
    }

    /** What the hub says about a model: its commit under {@code sha}, its files under {@code siblings}. */
    JsonNode listing(Repository repository) throws IOException {
        URI uri = URI.create(hub + "/api/models/" + repository.owner() + "/" + repository.name() + "/revision/"
                + encoded(repository.revision()) + "?blobs=true");
        Answer answer;
        try {
            answer = get(uri, 0);
        } catch (IOException e) {
            String cause = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
            throw new HubException(hub + " cannot be reached: " + cause, e);
        }
        try (InputStream body = answer.response.body()) {
            check(answer.response, repository.toString(), 200);
            byte[] bytes = body.readNBytes(MAX_LISTING);
            if (bytes.length == MAX_LISTING) {
                throw new HubException(repository + ": the hub's listing has more than " + MAX_LISTING + " bytes");
            }
            return JSON.readTree(bytes);
        } catch (com.fasterxml.jackson.core.JacksonException e) {
            throw new HubException(repository + ": the hub's listing is not JSON", e);
        }
    }

    /**
     * Content of a file on its way.
     *
     * @param from where in the file it begins: as asked, or 0 if the server does not send parts
     * @param sha256 as a header told, or null
     */
    record Content(InputStream body, long from, String sha256) {}

    /** Opens a file of a commit from byte {@code from} on. */
    Content open(Repository repository, String commit, String name, long from) throws IOException {
        URI uri = URI.create(hub + "/" + repository.owner() + "/" + repository.name() + "/resolve/" + encoded(commit)
                + "/" + encoded(name));
        Answer answer = get(uri, from);
        HttpResponse<InputStream> response = answer.response;
        try {
            check(response, name + " of " + repository, from > 0 ? 206 : 200);
            long begin = 0;
            if (response.statusCode() == 206) {
                String range = response.headers().firstValue("Content-Range").orElse("");
                if (!range.startsWith("bytes " + from + "-")) {
                    throw new IOException("asked for bytes from " + from + ", got '" + range + "'");
                }
                begin = from;
            }
            return new Content(response.body(), begin, answer.sha256);
        } catch (IOException | RuntimeException e) {
            response.body().close();
            throw e;
        }
    }

    /** @param sha256 of the content as any answer on the way linked it, or null */
    private record Answer(HttpResponse<InputStream> response, String sha256) {}

    /** Follows redirects itself: the token stays with the hub, and nothing leads from https to http. */
    private Answer get(URI start, long from) throws IOException {
        URI uri = start;
        String sha256 = null;
        for (int hops = 0; hops <= MAX_REDIRECTS; hops++) {
            HttpRequest.Builder request =
                    HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(60)).header("User-Agent", "medley");
            if (from > 0) {
                request.header("Range", "bytes=" + from + "-");
            }
            if (token != null && isHub(uri) && isPrivate(uri)) {
                request.header("Authorization", "Bearer " + token);
            }
            HttpResponse<InputStream> response = send(request.build());
            String linked = response.headers().firstValue("X-Linked-Etag").orElse("");
            String found = HubFile.hash(linked.replaceFirst("^W/", "").replace("\"", ""), 64);
            sha256 = found == null ? sha256 : found;
            if (response.statusCode() / 100 != 3 || response.statusCode() == 304) {
                return new Answer(response, sha256);
            }
            response.body().close();
            URI next = redirect(uri, response);
            if ("https".equals(uri.getScheme()) && !"https".equals(next.getScheme())) {
                throw new HubException(uri + " leads to " + next.getScheme() + ", which is not encrypted");
            }
            uri = next;
        }
        throw new HubException(start + " leads on more than " + MAX_REDIRECTS + " times");
    }

    private static URI redirect(URI from, HttpResponse<?> response) {
        try {
            return from.resolve(response.headers().firstValue("Location").orElse(""));
        } catch (IllegalArgumentException e) {
            throw new HubException(from + " leads to an address that is none", e);
        }
    }

    private HttpResponse<InputStream> send(HttpRequest request) throws IOException {
        try {
            return http.send(request, HttpResponse.BodyHandlers.ofInputStream());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new HubException("interrupted", e);
        }
    }

    private boolean isHub(URI uri) {
        return hub.getHost().equalsIgnoreCase(uri.getHost())
                && hub.getPort() == uri.getPort()
                && hub.getScheme().equals(uri.getScheme());
    }

    private static boolean isPrivate(URI uri) {
        try {
            return "https".equals(uri.getScheme())
                    || InetAddress.getByName(uri.getHost()).isLoopbackAddress();
        } catch (UnknownHostException e) {
            return false;
        }
    }

    /** A server fault is worth another try, a refusal is not. */
    private void check(HttpResponse<?> response, String what, int wanted) throws IOException {
        int status = response.statusCode();
        if (status == wanted || status == 200) {
            return;
        }
        switch (status) {
            case 401, 403 ->
                throw new HubException(what + ": " + hub + " refuses access (" + status + "); "
                        + (token == null
                                ? "set HF_TOKEN if the model needs one"
                                : "HF_TOKEN may not be entitled to it"));
            case 404 -> throw new HubException(what + ": " + hub + " has no such model, revision or file");
            case 416 -> throw new RangeException(what);
            default -> {
                if (status == 429 || status >= 500) {
                    throw new IOException(what + ": " + hub + " answers " + status);
                }
                throw new HubException(what + ": " + hub + " answers " + status);
            }
        }
    }

    /** The server has no such part of the file: what lies here is not a beginning of it. */
    static final class RangeException extends IOException {
        private static final long serialVersionUID = 1L;

        RangeException(String what) {
            super(what + ": the server has no such part");
        }
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    @Override
    public void close() {
        http.shutdownNow();
    }
}
