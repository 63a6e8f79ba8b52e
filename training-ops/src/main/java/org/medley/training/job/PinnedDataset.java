package org.medley.training.job;

/**
 * What a recipe's name of a dataset meant when its job was submitted.
 *
 * @param file place of the data, relative to the tenant's folder of datasets
 * @param sha256 of its content; a job that meets another one fails
 */
public record PinnedDataset(String file, String sha256) {}
