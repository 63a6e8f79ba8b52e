package org.medley.training.data;

import org.medley.runtime.digest.Sha256;

/**
 * What besides the data decides a store's content.
 *
 * @param version of the store's files
 * @param tokenizer hash of {@code tokenizer.json}, empty where the data is tokens already
 * @param template hash of the chat template and the tokens it names, empty where there are no chats
 * @param end the token behind each document, -1 where there are none
 * @param vocabulary ids below it are possible
 */
record StoreSettings(int version, Format format, String tokenizer, String template, int end, int vocabulary) {
    static final int VERSION = 1;

    /** The name of the folder of a store of this data. */
    String key(String dataSha256) {
        return new Sha256()
                .add(String.join(
                        "\n",
                        "store " + version,
                        dataSha256,
                        format.name(),
                        tokenizer,
                        template,
                        String.valueOf(end),
                        String.valueOf(vocabulary)))
                .hex();
    }
}
