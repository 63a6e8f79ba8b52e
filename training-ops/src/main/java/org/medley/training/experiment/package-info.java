/** The same training run in several ways and by several seeds, with a table and a picture of how they differ. */
package org.medley.training.experiment;
