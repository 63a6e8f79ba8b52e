/** What models are trained on: versions of datasets, by their content, with licence, consent and protection. */
package org.medley.platform.dataset;
