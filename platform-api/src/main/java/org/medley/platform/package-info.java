/** The application: people, models, jobs and assistants behind one REST interface. One package per feature. */
package org.medley.platform;
