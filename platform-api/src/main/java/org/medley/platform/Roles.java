package org.medley.platform;

import java.util.List;
import java.util.Set;

/** What an account may be; constants, because annotations on endpoints need them. */
public final class Roles {
    public static final String CLINICIAN = "clinician";
    public static final String PHYSICIST = "physicist";
    public static final String RESEARCHER = "researcher";
    public static final String INTEGRATOR = "integrator";
    public static final String ADMIN = "admin";
    public static final String AUDITOR = "auditor";

    public static final List<String> ALL = List.of(CLINICIAN, PHYSICIST, RESEARCHER, INTEGRATOR, ADMIN, AUDITOR);

    /** Roles that see patients; whoever runs the machine is not also one of them. */
    public static final Set<String> SEES_PATIENTS = Set.of(CLINICIAN, PHYSICIST, INTEGRATOR);

    private Roles() {}
}
