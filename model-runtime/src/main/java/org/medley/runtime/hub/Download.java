package org.medley.runtime.hub;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Objects;

/**
 * Fetches one file into a folder: into {@code NAME.part} first, from where that ends if there is one, and under its name
 * only when its size and hash are right.
 */
final class Download {
    private static final int TRIES = 6;
    private static final int BUFFER = 1 << 20;

    private final HubClient hub;
    private final Repository repository;
    private final String commit;
    private final HubFile file;
    private final Path part;
    private final Path target;
    private final Progress progress;
    private final Patience patience;
    private String linkedSha256;

    /**
     * @param stallMillis silence after which a connection counts as lost
     * @param pauseMillis wait before the second try; doubles with each further one that brought nothing
     */
    record Patience(long stallMillis, long pauseMillis) {
        static final Patience USUAL = new Patience(60_000, 1_000);
    }

    Download(
            HubClient hub,
            Repository repository,
            String commit,
            HubFile file,
            Path folder,
            Progress progress,
            Patience patience) {
        this.hub = hub;
        this.repository = repository;
        this.commit = commit;
        this.file = file;
        this.part = folder.resolve(file.name() + ".part");
        this.target = folder.resolve(file.name());
        this.progress = progress;
        this.patience = patience;
    }

    void run() throws IOException {
        progress.file(file.name());
        if (Files.exists(target)) {
            progress.have(Files.size(target));
            return;
        }
        Files.createDirectories(target.getParent());
        long have = Files.exists(part) ? Files.size(part) : 0;
        progress.have(have);
        int fruitless = 0;
        boolean restarted = false;
        while (have < file.size() || !Files.exists(part)) {
            if (fruitless > 0) {
                pause(fruitless);
            }
            long before = have;
            IOException failure = null;
            try {
                fetch(have);
            } catch (HubClient.RangeException e) {
                if (restarted) {
                    throw new HubException(file.name() + " ends at byte " + have + " of the " + file.size()
                            + " that the hub announced");
                }
                restarted = true;
                restart();
            } catch (IOException e) {
                failure = e;
            }
            have = Files.exists(part) ? Files.size(part) : 0;
            fruitless = have > before ? 0 : fruitless + 1;
            if (fruitless == TRIES) {
                throw new HubException(
                        file.name() + " could not be fetched: "
                                + Objects.toString(failure == null ? "the server sends nothing" : failure.getMessage())
                                + "; the same command goes on from here",
                        failure);
            }
        }
        check();
        Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
    }

    private void pause(int fruitless) {
        try {
            Thread.sleep(patience.pauseMillis << fruitless - 1);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new HubException("interrupted", e);
        }
    }

    private void restart() throws IOException {
        if (Files.exists(part)) {
            progress.have(-Files.size(part));
            Files.delete(part);
        }
    }

    private void fetch(long from) throws IOException {
        HubClient.Content content = hub.open(repository, commit, file.name(), from);
        linkedSha256 = content.sha256() == null ? linkedSha256 : content.sha256();
        if (content.from() == 0) {
            restart();
        }
        long at = content.from();
        try (InputStream in = new Stall(content.body(), patience.stallMillis);
                OutputStream out = Files.newOutputStream(part, StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
            byte[] buffer = new byte[BUFFER];
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                at += read;
                if (at > file.size()) {
                    throw new HubException(
                            file.name() + " is longer than the " + file.size() + " bytes the hub announced");
                }
                out.write(buffer, 0, read);
                progress.fetched(read);
            }
        }
    }

    private void check() throws IOException {
        if (Files.size(part) != file.size()) {
            discard("has " + Files.size(part) + " bytes where the hub announced " + file.size());
        }
        String sha256 = file.sha256() == null ? linkedSha256 : file.sha256();
        if (sha256 != null && !hash("SHA-256", false).equals(sha256)) {
            discard("does not have the SHA-256 that the hub gives for it");
        }
        if (sha256 == null && file.blob() != null && !hash("SHA-1", true).equals(file.blob())) {
            discard("does not have the git hash that the hub gives for it");
        }
    }

    private void discard(String problem) throws IOException {
        Files.delete(part);
        throw new HubException(file.name() + " " + problem + "; what was fetched of it is thrown away");
    }

    /** @param blob with git's header before the content */
    private String hash(String algorithm, boolean blob) throws IOException {
        try (InputStream in = Files.newInputStream(part)) {
            MessageDigest digest = MessageDigest.getInstance(algorithm);
            if (blob) {
                digest.update(("blob " + file.size() + "\0").getBytes(StandardCharsets.UTF_8));
            }
            byte[] buffer = new byte[BUFFER];
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                digest.update(buffer, 0, read);
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this JDK has no " + algorithm, e);
        }
    }
}
