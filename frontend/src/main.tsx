import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './App';
import { guardComposition } from './lib/keys';
import { holdTab } from './store/tabs';
import './styles.css';

guardComposition();
holdTab();

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
