// Style sheets are bundled by esbuild into report.css.
declare module "*.css";
