/** Versions of models, where they come from, and which one is in production. */
package org.medley.platform.model;
