/** A stand-in: each commit of the project writes its own number here. */
export const release = 0;
