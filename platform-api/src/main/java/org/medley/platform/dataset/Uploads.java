package org.medley.platform.dataset;

import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;
import java.util.regex.Pattern;
import org.medley.platform.dataset.DatasetFiles.Found;
import org.medley.platform.http.ProblemException;
import org.medley.runtime.digest.Sha256;
import org.medley.training.data.Format;
import org.medley.training.data.Source;
import org.medley.training.recipe.BadRecipeException;

/** Files that come over the network: whole or not at all, and never in memory. */
@ApplicationScoped
class Uploads {
    private static final Pattern FILE =
            Pattern.compile("(" + DatasetFiles.NAME + ")(\\.jsonl|\\.parquet|\\.txt|\\.md)");
    private static final int BUFFER = 1 << 20;

    private final DatasetFiles files;
    private final long most;

    Uploads(DatasetFiles files, DatasetConfig config) {
        this.files = files;
        this.most = config.maxUpload().asLongValue();
    }

    /** @param name of the dataset, which is the file's without its ending */
    record Uploaded(String name, String file, long bytes, String sha256) {}

    /**
     * Takes a file as it comes in, hashes it on the way, and puts it into the tenant's folder.
     *
     * @param replace whether a file of that name may be there already; its registered versions are kept
     */
    Uploaded take(UUID tenant, String file, InputStream content, boolean replace) {
        var parts = FILE.matcher(file);
        if (!parts.matches()) {
            throw ProblemException.badField(
                    "file",
                    "is '" + file
                            + "'; a name of a-z 0-9 . _ - that ends in .jsonl, .parquet, .txt or .md is possible");
        }
        String name = parts.group(1);
        files.find(tenant, name).ifPresent(there -> checkPlace(there, file, replace));
        Path fresh = null;
        try {
            Path folder = Files.createDirectories(files.folder(tenant));
            fresh = folder.resolve(".upload-" + UUID.randomUUID() + parts.group(2));
            Sha256 hash = new Sha256();
            long bytes = write(hash.reading(content), fresh, folder);
            // What is no data, or not what its name says, does not get a place.
            Source.of(name, fresh, Format.text);
            place(fresh, folder.resolve(file), replace);
            return new Uploaded(name, file, bytes, hash.hex());
        } catch (BadRecipeException e) {
            throw new ProblemException(
                    400, "BAD_DATASET", e.getMessage().replaceAll("\\S*/\\.upload-[^:]*", file), java.util.List.of());
        } catch (IOException e) {
            throw new UncheckedIOException("the upload " + file + " cannot be kept", e);
        } finally {
            delete(fresh);
        }
    }

    private static void checkPlace(Found there, String file, boolean replace) {
        String is = there.path().getFileName().toString();
        if (!is.equals(file)) {
            throw ProblemException.conflict(
                    "DATASET_EXISTS",
                    "dataset '" + there.name() + "' lies there as " + is
                            + "; upload it under that name, or under another one");
        }
        if (!replace) {
            throw exists(file);
        }
    }

    private static ProblemException exists(String file) {
        return ProblemException.conflict(
                "DATASET_EXISTS",
                "there is a file " + file
                        + " already; with replace=true it gets this content, and becomes a new version once"
                        + " registered");
    }

    private long write(InputStream content, Path fresh, Path folder) throws IOException {
        long bytes = 0;
        byte[] buffer = new byte[BUFFER];
        try (FileChannel channel = FileChannel.open(fresh, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
                OutputStream out = Channels.newOutputStream(channel)) {
            for (int read = content.read(buffer); read >= 0; read = content.read(buffer)) {
                bytes += read;
                if (bytes > most) {
                    throw new ProblemException(
                            413,
                            "TOO_LARGE",
                            "the file is larger than " + most
                                    + " bytes (medley.datasets.max-upload); put it into the folder "
                                    + "of datasets by hand",
                            java.util.List.of());
                }
                if (Files.getFileStore(folder).getUsableSpace() < 2L * BUFFER) {
                    throw new ProblemException(
                            507, "NO_SPACE", "the disk of the datasets is full", java.util.List.of());
                }
                out.write(buffer, 0, read);
            }
            channel.force(true);
        }
        return bytes;
    }

    private static void place(Path fresh, Path target, boolean replace) throws IOException {
        if (replace) {
            Files.move(fresh, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            return;
        }
        try {
            Files.createLink(target, fresh);
        } catch (FileAlreadyExistsException e) {
            throw exists(target.getFileName().toString());
        } catch (UnsupportedOperationException noLinks) {
            Files.move(fresh, target);
        }
    }

    private static void delete(Path fresh) {
        if (fresh != null) {
            try {
                Files.deleteIfExists(fresh);
            } catch (IOException e) {
                throw new UncheckedIOException(fresh + " cannot be removed", e);
            }
        }
    }
}
