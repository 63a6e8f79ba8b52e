package org.medley.search.index;

/**
 * The unit that is found and cited.
 *
 * @param id stable over re-indexing
 * @param title of the document it belongs to
 * @param section within the document
 */
public record Passage(String id, String title, String section, String text) {}
