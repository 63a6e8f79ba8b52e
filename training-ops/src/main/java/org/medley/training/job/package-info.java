/** The queue of training and fusion jobs in PostgreSQL, and the worker that runs them. */
package org.medley.training.job;
